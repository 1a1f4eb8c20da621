"""What the gate asks over the network, apart from indexes."""
