"""`python -m lab.chaos`: do every fault to a shop of its own and say what held."""

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from lab.servers import Servers
from lab.traffic import Traffic
from search.conf import DEFAULT_ARTIFACT

from . import faults  # noqa: F401 - fills the list
from .runner import FAULTS, Outcome, describe, run
from .world import World

PRODUCTS = 2000


def main() -> int:
    """Do the faults asked for; return 1 where anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m lab.chaos", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=FAULTS, help=", ".join(FAULTS))
    parser.add_argument("--first", type=_a_number, metavar="N", help="the first N faults")
    parser.add_argument(
        "--products", type=int, default=PRODUCTS, metavar="N", help=f"to draw; default {PRODUCTS}"
    )
    parser.add_argument(
        "--artifact", type=Path, default=DEFAULT_ARTIFACT, metavar="FOLDER", help="default: the shop's own"
    )
    parser.add_argument(
        "--quick", action="store_true", help="outages of seconds instead of half a minute, fewer kills"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcomes there, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and processes end, too
    names = (options.only or list(FAULTS))[: options.first]
    outcomes: list[Outcome] = []
    with Servers() as servers:
        world = World(
            servers, artifact=options.artifact, products=options.products, thorough=not options.quick
        )
        say(f"Drawing, importing and indexing {options.products} products.")
        world.begin()
        with Traffic(world.port, world.web_is_away) as traffic:
            for name in names:
                say(describe(name))
                outcomes.append(run(name, world, traffic))
                report(outcomes[-1])
    if options.json:
        options.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    say(summary(outcomes))
    return 0 if all(outcome.passed or outcome.skipped for outcome in outcomes) else 1


def _a_number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def report(outcome: Outcome) -> None:
    """Say what became of a fault."""
    if outcome.skipped:
        say(f"  {outcome.name}: not done, {outcome.skipped}")
        return
    state = "held" if outcome.passed else "DID NOT HOLD"
    say(
        f"  {outcome.name}: {state}, {outcome.recovery:.1f} s until well; {outcome.answers} searches,"
        f" {outcome.degraded} by words only, {outcome.unavailable} asked to try again, the slowest {outcome.slowest:.1f} s"
    )
    if outcome.restarted:
        say(f"    ended and was started again: {', '.join(outcome.restarted)}")
    for complaint in outcome.complaints:
        say(f"    {complaint}")


def summary(outcomes: list[Outcome]) -> str:
    """Return one line: faults passed, items lost, duplicate rows, worst recovery."""
    passed = sum(outcome.passed for outcome in outcomes)
    skipped = sum(bool(outcome.skipped) for outcome in outcomes)
    left_out = f" {skipped} not done," if skipped else ""
    return (
        f"{passed} of {len(outcomes)} faults passed,{left_out} {sum(outcome.lost for outcome in outcomes)} items lost,"
        f" {sum(outcome.doubled for outcome in outcomes)} duplicate rows,"
        f" worst recovery {max((outcome.recovery for outcome in outcomes), default=0.0):.1f} s"
    )


def say(text: str) -> None:
    """Print a line with the time."""
    sys.stdout.write(f"[{time.strftime('%H:%M:%S')}] {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
