"""Where candidates and core metadata come from: live indexes and recordings of them."""
