"""``sdeopt scale``: the hyperparameters for another batch, and the evidence for them."""

from __future__ import annotations

import json
import warnings
from typing import Any

import click

from sdeopt.cli.runs import PAGED, MethodCommand, shared_options

__all__ = ["scale"]

SHARED = {
    "method", "objective", "noise", "x0", "schedule", "steps", "observables", "seed", "threads", "rest", "averaged",
    "wide", "json", "quiet",
}  # fmt: skip


@click.command("scale", cls=MethodCommand, params=[word for word in shared_options() if word.name in SHARED])
@click.option("--batch", type=int, nargs=2, metavar="B B'", help="Batch size before and after.")
@click.option("--agents", type=int, nargs=2, metavar="N N'", help="Number of agents before and after.")
@click.option("--new-k", type=int, help="Entries that rand-k sends after; --k are those before.")
@click.option("--examples", type=int, nargs=2, metavar="T T'", help="Examples of the whole run before and after.")
@click.option("--horizon", type=float, help="Gather evidence: simulate up to this time of the method before.")
@click.option("--paths", type=int, help="Independent paths of each.  [default: 40000, fewer where a path costs more]")
@click.option("--tolerance", type=float, help="Margin of the verdicts, as a fraction of the scale.  [default: 0.1]")
@click.option(
    "--out", metavar="STEM", help=f"Write the figure of the evidence to STEM.png, its numbers to STEM.npz; {PAGED}."
)
def scale(**words: Any) -> None:
    """Scale the hyperparameters of METHOD to another batch size or number of agents, so that the law of x stays.

    With --objective or --noise, which describe the problem before, the rule's conditions are measured; with --horizon
    or --steps the methods before, after, and scaled naively are simulated, and their laws compared.

    Example: sdeopt scale adamw --batch 256 1024 --lr 0.001 --noise gaussian:32 --horizon 1 --out adamw
    """
    import sdeopt as so
    from sdeopt.cli import output

    job = _read(words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are in the table
        found = so.scale(job["method"], problem=job["problem"], **job["change"])
    evidence = found.evidence(**job["arguments"]) if job["arguments"] else None
    if words["json"]:
        parts = {"scaling": found, "evidence": evidence}
        content = {name: json.loads(part.to_json()) for name, part in parts.items() if part is not None}
        click.echo(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        output.show(found, None, words["wide"])
        if evidence is not None:
            output.show(evidence, None, words["wide"])
    if words["out"]:
        written = output.write(evidence, words["out"])
        if not words["quiet"]:
            click.echo(f"wrote {' and '.join(written)}", err=True)


def _read(words: dict[str, Any]) -> dict[str, Any]:
    """The method, what changes, the problem if there is to be one, and the arguments of the evidence if any."""
    from sdeopt.cli.lengths import steps_of
    from sdeopt.cli.own import method_of
    from sdeopt.cli.problems import problem_of
    from sdeopt.cli.words import fields, scheduled, settings, stem, wrap

    cls = method_of(words["method"])
    named = any(words[name] is not None for name in ("objective", "noise", "x0"))
    problem = problem_of(words | {"batch": _minibatch(words)}, cls.example) if named else None
    method = wrap(cls(**fields(cls, words, problem is not None and getattr(problem.objective, "costly", False))), words)
    change = {name: words[name] for name in ("batch", "agents", "new_k", "examples") if words[name] is not None}
    arguments = {name: words[name] for name in ("horizon", "steps") if words[name] is not None}
    if words["schedule"] is not None:
        length = steps_of(arguments, method.clock) * method.clock if arguments else None
        method = scheduled(method, words["schedule"], length)
    if stem(words["out"]) is not None and not arguments:
        raise ValueError("--out writes evidence, so give --horizon or --steps too")
    if arguments:
        problem = problem or problem_of(words | {"batch": None}, cls.example)
        arguments |= {name: words[name] for name in ("paths", "tolerance") if words[name] is not None} | settings(words)
    return {"method": method, "change": change, "problem": problem, "arguments": arguments}


def _minibatch(words: dict[str, Any]) -> int | None:
    """The batch before, if it is drawn from the data of the objective."""
    from sdeopt.cli.problems import objective_of, over_data

    if words["objective"] is None or words["noise"] is not None or words["batch"] is None:
        return None
    return int(words["batch"][0]) if over_data(objective_of(words["objective"])) else None
