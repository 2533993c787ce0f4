"""The findings of one preflight."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Tuple

from . import _abi as abi
from ._library import lib
from ._records import Finding, read_finding
from ._values import members


@dataclass(frozen=True)
class Preflight:
    """What a preflight found. `severity` is the worst of its findings; `data` the whole, as docs/json.md has it."""

    severity: abi.Severity
    findings: Tuple[Finding, ...]
    data: Dict[str, Any]


def read_preflight(handle: Any) -> Preflight:
    found = (lib.cutover_preflight_at(handle, index) for index in range(lib.cutover_preflight_count(handle)))
    return Preflight(
        severity=abi.Severity(lib.cutover_preflight_severity(handle)),
        findings=tuple(read_finding(abi.cutover_finding.from_address(each)) for each in found),
        data=members(lib.cutover_preflight_json(handle)))
