"""The lab's side of FreeSWITCH's dialplan: an extension and an agent for each scenario.

The lines are those that an admin adds (dialplan/freeswitch/silentspam.xml, which is included whole), with the
port of the scenario's own server and the file of its own for calls that nobody screened.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lab.ports import Ports
from lab.product import REPOSITORY
from lab.scenarios import AWAY, Scenario

SHIPPED = REPOSITORY / "dialplan" / "freeswitch" / "silentspam.xml"
UNLOGGED = "/var/lib/silentspam/unlogged.jsonl"
"""Where the shipped dialplan writes calls that nobody screened."""
UNLOGGED_VARIABLE = "SILENTSPAM_LAB_UNLOGGED"
DOMAIN = "lab"
NOBODY = f"user/nobody@{DOMAIN}"
GUARD_SECONDS = 15

Action = tuple[str, str]
"""An application, and its data."""


def shipped_extensions() -> str:
    """The extensions of the shipped file, whose note goes where a variable says."""
    inside = SHIPPED.read_text(encoding="utf-8").rpartition("<include>")[2].partition("</include>")[0]
    return inside.replace(UNLOGGED, f"${{{UNLOGGED_VARIABLE}}}")


def extensions(
    scenarios: Iterable[Scenario],
    ports: Ports,
    configs: Mapping[str, Path],
    *,
    profile: str,
    context: str,
) -> str:
    """The extensions of a context; `configs` is each scenario's YAML file by its folder.

    All calls of a sequence go to one extension and one agent. profile: of mod_sofia; agents are called by it.
    """
    everyone = {scenario.extension: scenario for scenario in scenarios}.values()
    texts = [shipped_extensions()]
    for scenario in everyone:
        guard = f"{scenario.agent_name} XML {context}"
        reach = _reach_agent(scenario, ports, profile)
        screen = screening(ports.freeswitch(scenario.number), guard)
        note = [
            ("set", f"{UNLOGGED_VARIABLE}={configs[scenario.folder].parent / 'unlogged.jsonl'}"),
            ("execute_extension", f"silentspam_note XML {context}"),
        ]
        texts.append(_extension(scenario.name, scenario.extension, [*screen[:2], *note, *screen[2:], *reach]))
        texts.append(_extension(scenario.agent_name, scenario.agent_name, reach, guarded=True))
    return "\n".join(texts)


def screening(port: int, guard: str) -> list[Action]:
    """The four lines before an admin's own bridge."""
    return [
        ("multiset", f"^^;SILENTSPAM_STARTED_AT=${{strepoch()}};SILENTSPAM_GUARD={guard}"),
        ("sched_transfer", f"+{GUARD_SECONDS} {guard}"),
        ("socket", f"127.0.0.1:{port} async full"),
        ("sched_cancel", ""),
    ]


def users(scenarios: Iterable[Scenario], ports: Ports, *, profile: str) -> str:
    """Users of the directory, each the agent of a scenario: as `silentspam lists dnis` names one."""
    everyone = {scenario.extension: scenario for scenario in scenarios}.values()
    return "\n".join(
        f"<user id={quoteattr(scenario.agent_name)}><params>"
        f'<param name="dial-string" value={quoteattr(_address(scenario, ports, profile))}/></params></user>'
        for scenario in everyone
    )


def agent_of(scenario: Scenario) -> str:
    """The dial string of a scenario's agent, without what a list of numbers may not have in it."""
    return f"user/{scenario.agent_name}@{DOMAIN}"


def _reach_agent(scenario: Scenario, ports: Ports, profile: str) -> list[Action]:
    usual = NOBODY if scenario.route == "dial_nobody" else _address(scenario, ports, profile)
    bridges = [("bridge", "${SILENTSPAM_AGENT}")] if any("--agent" in line for line in scenario.given) else []
    bridges.append(("bridge", f"{{originate_timeout={scenario.rings}}}{usual}"))
    return [("set", "hangup_after_bridge=true"), ("set", "continue_on_fail=true"), *bridges]


def _address(scenario: Scenario, ports: Ports, profile: str) -> str:
    port = ports.dead if scenario.agent.does == AWAY else ports.phones(scenario.number)
    return f"sofia/{profile}/agent@127.0.0.1:{port}"


def _extension(name: str, number: str, actions: Iterable[Action], *, guarded: bool = False) -> str:
    lines = [f"<extension name={quoteattr(name)}>"]
    if guarded:
        lines.append(' <condition field="${SILENTSPAM_GUARD}" expression="."/>')
    lines.append(f' <condition field="destination_number" expression="^{number}$">')
    for application, text in actions:
        given = f" data={quoteattr(text)}" if text else ""
        lines.append(f'  <action application="{application}"{given}/>')
    return "\n".join([*lines, " </condition>", "</extension>"])
