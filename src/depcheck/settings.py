"""What a user sets once: own rule files, and rules switched off with a reason.

``[tool.depcheck]`` in the ``pyproject.toml`` of the working directory, then the command line:

    [tool.depcheck]
    rules = ["rules/ours.toml"]
    ignore-rules = [{ id = "opencv-once", reason = "the two are patched to share their files" }]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from depcheck.conflicts.loader import load_builtin_rules, load_rules, merge_rules
from depcheck.conflicts.model import Rule, SwitchedOff
from depcheck.conflicts.values import rule_id
from depcheck.errors import InputError
from depcheck.frozen import frozen
from depcheck.tomlfile import did_you_mean, read_toml
from depcheck.tomlvalues import text

if TYPE_CHECKING:
    from argparse import Namespace

_PYPROJECT = Path("pyproject.toml")


@frozen
class Wish:
    """A rule to be switched off, by its id, which may not exist."""

    id: str
    reason: str
    origin: str


@frozen
class Settings:
    """What ``[tool.depcheck]`` says."""

    rules: tuple[Path, ...] = ()
    switched_off: tuple[Wish, ...] = ()


@frozen
class RuleSet:
    """The rules that hold, and those that the user switched off."""

    rules: tuple[Rule, ...]
    """Sorted by id."""
    switched_off: tuple[SwitchedOff, ...] = ()
    """Sorted by id; none of them is among the rules."""


def chosen_rules(options: Namespace) -> RuleSet:
    """Return the built-in rules and the user's own, without those switched off.

    Raises:
        InputError: a rule file or ``[tool.depcheck]`` is wrong, a rule that is switched off does
            not exist, or the reason is missing.
    """
    settings = read_settings(_PYPROJECT)
    own = [*settings.rules, *(Path(name) for name in options.rules or ())]
    rules = [*load_builtin_rules()]
    for path in dict.fromkeys(own):
        rules += load_rules(path)
    asked = [_wish(each) for each in options.ignore_rule or ()]
    return rule_set(merge_rules(rules), [*settings.switched_off, *asked])


def rule_set(rules: tuple[Rule, ...], wishes: list[Wish]) -> RuleSet:
    """Return rules without those switched off; what is said last of an id counts.

    Raises:
        InputError: there is no rule with such an id.
    """
    by_id = {rule.id: rule for rule in rules}
    off: dict[str, SwitchedOff] = {}
    for each in wishes:
        if each.id not in by_id:
            raise InputError(
                "unknown-rule",
                f"{each.origin}: there is no rule `{each.id}`",
                hint=did_you_mean(each.id, by_id) or "`depcheck conflicts list` names them all",
            )
        off[each.id] = SwitchedOff(rule=by_id[each.id], reason=each.reason)
    return RuleSet(
        rules=tuple(rule for rule in rules if rule.id not in off),
        switched_off=tuple(off[name] for name in sorted(off)),
    )


def read_settings(path: Path) -> Settings:
    """Return what the ``[tool.depcheck]`` of a file says, nothing where there is no such file.

    Raises:
        InputError: the file or the table is wrong.
    """
    if not path.is_file():
        return Settings()
    file = read_toml(path, reference="invalid-settings")
    table = file.root.table("tool").table("depcheck")
    table.table("gate")  # `depcheck.gate.policy` reads it
    rules = tuple(path.parent / name for name in table.values("rules", text))
    wishes: list[Wish] = []
    for each in table.tables("ignore-rules"):
        wish = Wish(
            id=each.required("id", rule_id, ""),
            reason=each.required("reason", text, ""),
            origin=each.origin("id"),
        )
        each.close()
        wishes.append(wish)
    table.close()
    file.check()
    return Settings(rules=rules, switched_off=tuple(wishes))


def _wish(stated: str) -> Wish:
    """Return ``ID=REASON`` taken apart."""
    name, _, reason = stated.partition("=")
    if not reason.strip():
        raise InputError(
            "missing-reason",
            f"`--ignore-rule {stated}` gives no reason",
            hint=f'write `--ignore-rule "{name or "ID"}=why it does not hold here"`',
        )
    return Wish(id=name.strip(), reason=reason.strip(), origin="--ignore-rule")
