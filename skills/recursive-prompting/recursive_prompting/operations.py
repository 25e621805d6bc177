"""The operations of recursive-prompting, and the skill they make."""

from __future__ import annotations

from clawcortex.errors import ClawcortexError, InputError, NotFoundError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Command, Schedule, Skill, operation
from recursive_prompting import keeping, policies, shapes
from recursive_prompting.passes import Work, without_text
from recursive_prompting.spending import Model

TIMEOUT_S = 600
"""More than the latest deadline, and the checks after it."""


@operation(
    "refine",
    expose="agent",
    effect="write",
    progress=shapes.Step,
    command=Command("refine", takes="prompt", shows="shown"),
    timeout_s=TIMEOUT_S,
)
def refine(context: Context, request: shapes.RefineInput) -> shapes.RefineOutput:
    """Think three times: draft an answer, criticise it, refine it, and give the better of the two."""
    caller = context.caller
    agent = (request.agent or context.host.agents()[0].id) if caller.trusted else caller.scope.agent
    policies.admit(context, agent)
    model = Model(context.host, budget=request.budget, cost=request.cost, deadline_s=request.deadline)
    work = Work(request, agent, context.host, model, context.tell)
    identity = keeping.new_id(context.now())
    state: shapes.Outcome = "failed"
    failure = ""
    try:
        work.run()
        state, failure = ("partial" if work.failure else "done"), work.failure
    except ClawcortexError as error:
        failure = error.message
        raise
    finally:
        took = round(model.elapsed, 3)
        keeping.keep(context, identity, agent, work, state=state, failure=failure, took_s=took)
    return shapes.RefineOutput(
        id=identity,
        answer=work.answer,
        chosen="refined" if work.verdict.better else "draft",
        why=work.verdict.why,
        state="partial" if work.failure else "done",
        failure=work.failure,
        issues=tuple(work.issues),
        checks=work.after if work.verdict.better else work.before,
        passes=without_text(work.passes),
        took_s=took,
        shown=f"{work.answer}\n\n⚠️ {work.verdict.why} ({work.failure})" if work.failure else work.answer,
        **model.spent.model_dump(),
    )


@operation("history")
def history(context: Context, request: shapes.HistoryInput) -> shapes.HistoryOutput:
    """Show refinements, the newest first; one of them with the text of every pass."""
    runs: list[shapes.Run] = []
    for run in keeping.every(context):
        if request.id and run.id == request.id:
            return shapes.HistoryOutput(count=1, runs=(run,))
        if request.agent in ("", run.agent) and len(runs) < request.limit:
            runs.append(run.model_copy(update={"passes": without_text(run.passes)}))
        if len(runs) == request.limit and not request.id:
            break
    if request.id:
        raise NotFoundError(
            f"no refinement {request.id}", hint="`clawcortex recursive-prompting history` lists them."
        )
    return shapes.HistoryOutput(count=len(runs), runs=tuple(runs))


@operation("prune", effect="destroy")
def prune(context: Context, request: shapes.PruneInput) -> shapes.Pruned:
    """Remove refinements past `refine_history_days`, one by its id, or all."""
    count = keeping.remove(context, identity=request.id, all_of_them=request.all)
    if count:
        context.store.audit(context.caller.actor, "prune", request.id or "refinements", {"count": count})
    return shapes.Pruned(count=count)


@operation("policy", effect="write")
def policy(context: Context, request: shapes.PolicyInput) -> shapes.Policies:
    """Say when an agent refines: never, on request, or also when a prompt matches; without a choice, show it."""
    known = [one.id for one in context.host.agents()]
    agent = request.agent or known[0]
    if agent not in known:
        raise NotFoundError(f"no agent {agent!r}", hint=f"Agents: {', '.join(known)}.")
    if request.when or request.patterns is not None:
        held = policies.policy_of(context, agent)
        wanted = shapes.Policy(
            agent=agent,
            when=request.when or held.when,
            patterns=held.patterns if request.patterns is None else request.patterns,
        )
        policies.check_patterns(wanted.patterns)
        if wanted.when == "matches" and not wanted.patterns:
            raise InputError("matches needs patterns", hint='Add --patterns "contract|offer".')
        context.store.put_record(policies.POLICIES, agent, wanted.model_dump(mode="json"))
        context.store.audit(context.caller.actor, "policy", agent, {"when": wanted.when})
    shown = [agent] if request.agent or request.when else known
    return shapes.Policies(policies=tuple(policies.policy_of(context, one) for one in shown))


skill = Skill(
    name="recursive-prompting",
    title="Recursive prompting",
    summary="Draft, critique, refine: an answer that was read against a rubric and checked before it goes out.",
    version="0.1.0",
    operations=(refine, history, prune, policy),
    hooks=(policies.remind,),
    schedules=(Schedule("50 3 * * *", "prune"),),
)
