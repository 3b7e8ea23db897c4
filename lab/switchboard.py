"""The lab's side of Asterisk's configuration: an extension, an agent and a queue for each scenario.

Returned as the texts that the templates in `lab/etc/` leave open.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.ports import Ports
from lab.scenarios import AWAY, Scenario

AGENT = """\
[{name}]
type=endpoint
transport={transport}
context=nowhere
disallow=all
allow=ulaw
direct_media=no
dtmf_mode=rfc4733
aors={name}

[{name}]
type=aor
contact={contact}
"""

QUEUE = """\
[{name}]
strategy=ringall
timeout=15
ringinuse=yes
joinempty=no
leavewhenempty=yes
{members}
"""


def switchboard(scenarios: Iterable[Scenario], ports: Ports, configs: Mapping[str, Path]) -> dict[str, str]:
    """The texts of INBOUND, AGENTS and QUEUES; `configs` is each scenario's YAML file by its folder.

    All calls of a sequence go to one extension and one agent.
    """
    everyone = tuple({scenario.extension: scenario for scenario in scenarios}.values())
    return {
        "INBOUND": "\n".join(_extension(scenario, configs[scenario.folder]) for scenario in everyone),
        "AGENTS": "\n".join(_agent(scenario, ports) for scenario in everyone),
        "QUEUES": "\n".join(_queue(scenario) for scenario in everyone),
    }


def _extension(scenario: Scenario, config: Path) -> str:
    settings = [f"SILENTSPAM_CONFIG={config}", f"SILENTSPAM_UNLOGGED={config.parent / 'unlogged.jsonl'}"]
    if scenario.agi:
        settings.append(f"SILENTSPAM_AGI={scenario.agi}")
    if scenario.agi_ended:
        settings.append(f"SILENTSPAM_AGI_ENDED={scenario.agi_ended}")
    agent = f"PJSIP/{scenario.agent_name},{scenario.rings}"
    connect = {
        "dial": [f"Gosub(silentspam-dial,s,1({agent}))"],
        "dial_nobody": [f"Gosub(silentspam-dial,s,1(PJSIP/nobody,{scenario.rings}))"],
        "queue": [f"Gosub(silentspam-queue,s,1(queue-{scenario.extension},{scenario.rings},r))"],
        "own_dial": ["TryExec(Gosub(silentspam,s,1))", f"Dial({agent})"],
    }[scenario.route]
    lines = [f"exten => {scenario.extension},1,NoOp({scenario.name})"]
    lines += [f" same => n,Set({setting})" for setting in settings]
    return "\n".join(
        [*lines, *(f" same => n,{application}" for application in connect), " same => n,Hangup()"]
    )


def _agent(scenario: Scenario, ports: Ports) -> str:
    if scenario.agent.does == AWAY:
        # Nothing listens there, so that TCP refuses the connection; UDP would only stay silent.
        transport, contact = "tcp", f"sip:agent@127.0.0.1:{ports.dead}\\;transport=tcp"
    else:
        transport, contact = "udp", f"sip:agent@127.0.0.1:{ports.phones(scenario.number)}"
    return AGENT.format(name=scenario.agent_name, transport=transport, contact=contact)


def _queue(scenario: Scenario) -> str:
    members = "" if scenario.agent.does == AWAY else f"member => PJSIP/{scenario.agent_name}"
    return QUEUE.format(name=f"queue-{scenario.extension}", members=members)
