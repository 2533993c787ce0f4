export function integrationsTab() { return []; }
