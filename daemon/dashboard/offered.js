// What this service offers: hosts build the interface with or without some of it, and pages show what is there. Its own description tells.

import {get} from './api.js';

let paths = null;

/** Whether a path of the interface is there: {…} stands for any name of a parameter. */
export async function offers(path)
{
    paths ??= get('/v1/openapi.json').then((document) => new Set(Object.keys(document.paths ?? {}).map(unnamed)));
    try {
        return (await paths).has(unnamed(path));
    } catch (failure) {
        paths = null;
        throw failure;
    }
}

function unnamed(path)
{
    return path.replace(/\{[^}]*\}/g, '{}');
}
