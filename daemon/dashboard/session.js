// Who is logged in, and what they may see. What they may do the service decides: buttons that are of no use are not shown.

import {call, Problem, useCsrfToken} from './api.js';

let current = null;

export function session()
{
    return current;
}

function take(data)
{
    current = data;
    useCsrfToken(data.csrf_token);
    return current;
}

/** The session that the browser's cookie is of; null: none. */
export async function readSession()
{
    try {
        return take((await call('GET', '/session', {quiet: true})).data);
    } catch (problem) {
        if (problem instanceof Problem && problem.status === 401) {
            current = null;
            return null;
        }
        throw problem;
    }
}

export async function logIn(key)
{
    const {data} = await call('POST', '/login', {body: {key}, quiet: true});
    return data.csrf_token ? take(data) : readSession();
}

export async function logOut()
{
    try {
        await call('POST', '/logout', {body: {}, quiet: true});
    } finally {
        current = null;
    }
}

export function forget()
{
    current = null;
}

function has(role)
{
    return current?.roles?.includes(role) ?? false;
}

export function isMember()
{
    return has('member');
}

export function isOperator()
{
    return has('operator');
}

export function isAdministrator()
{
    return has('org_admin');
}

export function actorId()
{
    return current?.actor?.id ?? null;
}

/** Where this person begins. */
export function home()
{
    if (!current)
        return '#/';
    if (isOperator() && !current.project_id)
        return '#/queue';
    return current.project_id ? `#/projects/${encodeURIComponent(current.project_id)}` : '#/projects';
}
