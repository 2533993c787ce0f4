// What the library has built in around a store: the registry of projects and previews, webhooks, and integrations.
import type { IntegrationsAllowBits, WebhooksAllowBits } from "./abi.js";
import { calling } from "./call.js";
import { IntegrationsCalls, RegistryCalls, WebhooksCalls } from "./calls.js";
import { Host, type Hosting } from "./host.js";
import { lib } from "./library.js";
import { FilledPort, type Port } from "./ports.js";
import { readPreview, type Actor, type Preview } from "./records.js";

/** Projects and previews as documents in a store; `platform` is an engine's. With an actor, what is changed through it is theirs. */
export class Registry extends RegistryCalls {
    private constructor(handle: bigint, readonly store: Port) {
        super(handle, "cutover_registry_free");
    }

    static open(store: Port, actor?: Actor): Promise<Registry> {
        return calling(async (call) => {
            const registry = call.out();
            await (actor
                ? call.run("cutover_registry_open_as", [store.vtable, call.struct("cutover_actor", actor), registry.address, call.error])
                : call.run("cutover_registry_open", [store.vtable, registry.address, call.error]));
            return new Registry(registry.handle, store);
        });
    }

    /** Its port, which lives as long as the registry. */
    get platform(): Port {
        return new FilledPort("cutover_platform", "cutover_registry_platform", this.handle);
    }

    /** Takes out the previews whose end has come; how many. `drop` drops the database of each; what it throws keeps that one. */
    previewsReap({ projectId, drop }: { projectId?: string; drop?: (preview: Preview) => void } = {}): Promise<number> {
        return this.calling(async (call) => {
            const count = call.out();
            const dropping = drop && call.called("cutover_preview_emit", (address) => drop(readPreview(address)));
            await call.run("cutover_registry_previews_reap",
                [this.handle, call.text(projectId), dropping?.callback ?? null, dropping?.context ?? null, count.address, call.error]);
            return count.number;
        });
    }
}

export interface WebhooksOptions extends Hosting {
    readonly flags?: WebhooksAllowBits;
    readonly userAgent?: string;
    readonly caFile?: string;
    readonly timeoutMs?: number;
    readonly connectTimeoutMs?: number;
    readonly parallel?: number;
    readonly keepDays?: number;
}

/** Events to HTTP endpoints of customers. Give `notifier` to the engine as "webhook", and call deliver(). */
export class Webhooks extends WebhooksCalls {
    private constructor(handle: bigint, readonly store: Port, private readonly host: Host) {
        super(handle, "cutover_webhooks_free");
    }

    static open(store: Port, options: WebhooksOptions = {}): Promise<Webhooks> {
        const host = new Host(options);
        return calling(async (call) => {
            const webhooks = call.out();
            await call.run("cutover_webhooks_new", [
                call.struct("cutover_webhooks_options", { ...options, ...host.members(), store: store.vtable }), webhooks.address, call.error]);
            return new Webhooks(webhooks.handle, store, host);
        });
    }

    /** Makes a delivery of an event for each endpoint that wants it. */
    get notifier(): Port {
        return new FilledPort("cutover_notifier", "cutover_webhooks_notifier", this.handle);
    }

    /** Makes deliver() return within a second. */
    stop(): void {
        lib["cutover_webhooks_stop"]!(this.handle);
    }

    protected override async closed(): Promise<void> {
        await super.closed();
        this.host.end();
    }
}

export interface IntegrationsOptions extends Hosting {
    readonly folder: string;
    readonly flags?: IntegrationsAllowBits;
    readonly vercelUrl?: string;
    readonly netlifyUrl?: string;
    readonly userAgent?: string;
    readonly caFile?: string;
    readonly timeoutMs?: number;
    readonly parallel?: number;
}

/** Sites of customers that are told connection strings. Give `notifier` to the engine as "integration". */
export class Integrations extends IntegrationsCalls {
    private constructor(handle: bigint, readonly store: Port, private readonly host: Host) {
        super(handle, "cutover_integrations_free");
    }

    static open(store: Port, options: IntegrationsOptions): Promise<Integrations> {
        const host = new Host(options);
        return calling(async (call) => {
            const integrations = call.out();
            await call.run("cutover_integrations_new", [
                call.struct("cutover_integrations_options", { ...options, ...host.members(), store: store.vtable }), integrations.address, call.error]);
            return new Integrations(integrations.handle, store, host);
        });
    }

    /** Makes a project's integrations due when production has another content. */
    get notifier(): Port {
        return new FilledPort("cutover_notifier", "cutover_integrations_notifier", this.handle);
    }

    /** Makes deliver() return within a second, now and later. */
    stop(): void {
        lib["cutover_integrations_stop"]!(this.handle);
    }

    protected override async closed(): Promise<void> {
        await super.closed();
        this.host.end();
    }
}
