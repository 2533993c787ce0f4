// A host that dies in the middle of a promotion that is held, with no way to tidy up: FOLDER REQUEST BIN.
import { ActorKind, DirectoryRepository, Engine, Registry, Role, SqliteStore } from "cutover";

const [folder, request, pgBinDir] = process.argv.slice(2);
const store = await SqliteStore.open(`${folder}/cutover.db`);
const registry = await Registry.open(store);
const repository = await DirectoryRepository.open(`${folder}/backups`);
const engine = await Engine.open({ store, repository, platform: registry.platform, pgBinDir });
const olga = { id: "olga", kind: ActorKind.OPERATOR, roles: Role.OPERATOR };
await (await engine.promotionStart(olga, request, { hold: true, progress: ({ step }) => {
    if (step === "held") {
        process.exit(9);
    }
} })).run();
