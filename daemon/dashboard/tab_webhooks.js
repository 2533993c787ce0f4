export function webhooksTab() { return []; }
