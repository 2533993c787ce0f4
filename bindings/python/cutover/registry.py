"""What the library has built in around a store: the registry of projects and previews, webhooks, and integrations."""
from __future__ import annotations

import ctypes as c
from typing import Any, Callable, Optional

from . import _abi as abi
from . import _records as records
from ._call import Call, guarded
from ._calls import IntegrationsCalls, RegistryCalls, WebhooksCalls
from ._library import lib
from ._records import Actor, Preview, read_preview
from ._values import encoded
from .engine import Clock, Log, clock_callback, log_callback, to_logging
from .ports import FilledPort, Port


class Registry(RegistryCalls):
    """Projects and previews as documents in a store; `platform` is an engine's. With an actor, what is changed through it is theirs."""

    def __init__(self, store: Port, actor: Optional[Actor] = None) -> None:
        self._lent, registry = store, c.c_void_p()
        with Call() as call:
            if actor is None:
                call.run(lib.cutover_registry_open, c.byref(store.vtable), c.byref(registry), call.error)
            else:
                call.run(lib.cutover_registry_open_as, c.byref(store.vtable), call.pointer(actor), c.byref(registry), call.error)
        super().__init__(registry.value, lib.cutover_registry_free, store)

    @property
    def platform(self) -> Port:
        """Its port, which lives as long as the registry."""
        return FilledPort(abi.cutover_platform, self, lib.cutover_registry_platform, self.handle)

    def previews_reap(self, *, project_id: Optional[str] = None, drop: Optional[Callable[[Preview], None]] = None) -> int:
        """Takes out the previews whose end has come; how many. `drop` drops the database of each; what it raises keeps that one."""
        count = c.c_uint32()

        def dropping(address: int, _context: Any) -> None:
            assert drop is not None
            drop(read_preview(abi.cutover_preview.from_address(address)))

        callback = abi.cutover_preview_emit(guarded(dropping, None)) if drop is not None else abi.cutover_preview_emit()
        with Call(self) as call:
            call.run(lib.cutover_registry_previews_reap, self.handle, encoded(project_id), callback, None, c.byref(count), call.error)
        return count.value


class Webhooks(WebhooksCalls):
    """Events to HTTP endpoints of customers. Give `notifier` to the engine as "webhook", and call deliver() from a thread of its own."""

    def __init__(self, store: Port, *, flags: abi.WebhooksAllowBits = abi.WebhooksAllowBits(0), user_agent: Optional[str] = None,
                 ca_file: Optional[str] = None, timeout_ms: Optional[int] = None, connect_timeout_ms: Optional[int] = None,
                 parallel: Optional[int] = None, keep_days: Optional[int] = None, log: Log = to_logging, clock: Optional[Clock] = None) -> None:
        self._lent = [store, log_callback(log), clock_callback(clock)]
        webhooks = c.c_void_p()
        with Call() as call:
            options = call.struct(abi.cutover_webhooks_options, {
                "store": store.vtable, "flags": int(flags), "user_agent": user_agent, "ca_file": ca_file, "timeout_ms": timeout_ms,
                "connect_timeout_ms": connect_timeout_ms, "parallel": parallel, "keep_days": keep_days, "log": self._lent[1],
                "clock": self._lent[2]})
            call.run(lib.cutover_webhooks_new, c.byref(options), c.byref(webhooks), call.error)
        super().__init__(webhooks.value, lib.cutover_webhooks_free, store)

    @property
    def notifier(self) -> Port:
        """Makes a delivery of an event for each endpoint that wants it."""
        return FilledPort(abi.cutover_notifier, self, lib.cutover_webhooks_notifier, self.handle)

    def stop(self) -> None:
        """Makes deliver() return within a second. Any thread."""
        lib.cutover_webhooks_stop(self.handle)


class Integrations(IntegrationsCalls):
    """Sites of customers that are told connection strings. Give `notifier` to the engine as "integration"."""

    def __init__(self, store: Port, *, folder: str, flags: abi.IntegrationsAllowBits = abi.IntegrationsAllowBits(0), vercel_url: Optional[str] = None,
                 netlify_url: Optional[str] = None, user_agent: Optional[str] = None, ca_file: Optional[str] = None,
                 timeout_ms: Optional[int] = None, parallel: Optional[int] = None, log: Log = to_logging,
                 clock: Optional[Clock] = None) -> None:
        self._lent = [store, log_callback(log), clock_callback(clock)]
        integrations = c.c_void_p()
        with Call() as call:
            options = call.struct(abi.cutover_integrations_options, {
                "store": store.vtable, "flags": int(flags), "folder": folder, "vercel_url": vercel_url, "netlify_url": netlify_url,
                "user_agent": user_agent, "ca_file": ca_file, "timeout_ms": timeout_ms, "parallel": parallel, "log": self._lent[1],
                "clock": self._lent[2]})
            call.run(lib.cutover_integrations_new, c.byref(options), c.byref(integrations), call.error)
        super().__init__(integrations.value, lib.cutover_integrations_free, store)

    @property
    def notifier(self) -> Port:
        """Makes a project's integrations due when production has another content."""
        return FilledPort(abi.cutover_notifier, self, lib.cutover_integrations_notifier, self.handle)

    def stop(self) -> None:
        """Makes deliver() return within a second, now and later. Any thread."""
        lib.cutover_integrations_stop(self.handle)
