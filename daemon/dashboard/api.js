// Speaks with the service this page came from. Refusals come as problem+json, and become a Problem.

/** A refusal, or that nothing was heard. */
export class Problem extends Error {
    constructor(status, body, retryAfter)
    {
        super(body.detail || body.title || `The service answered ${status}.`);
        this.status = status;
        this.code = body.code ?? null;
        this.hint = body.hint ?? null;
        this.field = body.field ?? null;
        this.retryAfter = retryAfter;
        this.body = body;
    }
}

/** Told when the service says that nobody is logged in any more. */
export const signedOut = new EventTarget();

let csrfToken = null;

export function useCsrfToken(token)
{
    csrfToken = token;
}

async function bodyOf(response)
{
    if (!/[/+]json\b/.test(response.headers.get('Content-Type') ?? ''))
        return {};
    try {
        return await response.json();
    } catch {
        return {};
    }
}

/**
 * One request.
 *
 * @param options {body, ifMatch, idempotencyKey, signal, quiet}: quiet: a 401 is the caller's business.
 * @return {data, etag, location, status}
 */
export async function call(method, path, options = {})
{
    const headers = {Accept: 'application/json'};
    if (method !== 'GET')
        headers['X-CSRF-Token'] = csrfToken ?? '';
    if (options.ifMatch)
        headers['If-Match'] = options.ifMatch;
    if (options.idempotencyKey)
        headers['Idempotency-Key'] = options.idempotencyKey;
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    if (body !== undefined)
        headers['Content-Type'] = 'application/json';
    let response;
    try {
        response = await fetch(path, {method, headers, body, signal: options.signal, credentials: 'same-origin',
                                      cache: 'no-store', redirect: 'error'});
    } catch (failure) {
        if (failure.name === 'AbortError')
            throw failure;
        throw new Problem(0, {detail: 'The service does not answer.', hint: 'Look whether it runs, and try again.'});
    }
    const data = await bodyOf(response);
    if (!response.ok) {
        const problem = new Problem(response.status, data, Number(response.headers.get('Retry-After')) || null);
        if (response.status === 401 && !options.quiet)
            signedOut.dispatchEvent(new Event('signed-out'));
        throw problem;
    }
    return {data, etag: response.headers.get('ETag'), location: response.headers.get('Location'),
            status: response.status};
}

export async function get(path, options)
{
    return (await call('GET', path, options)).data;
}

export function post(path, body = {}, options = {})
{
    return call('POST', path, {...options, body});
}

/** A path of the interface; each part is one segment. */
export function v1(...segments)
{
    return '/v1/' + segments.map(encodeURIComponent).join('/');
}

/** Adds what is not empty as a query. */
export function withQuery(path, parameters)
{
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        if (value !== null && value !== undefined && value !== '')
            query.set(name, value);
    }
    const text = query.toString();
    return text ? `${path}?${text}` : path;
}

/** Keys for what must be made once: the same for the same body, so that a second try after no answer is no second thing. */
export class Keys {
    constructor()
    {
        this.made = new Map();
    }

    of(body)
    {
        const text = JSON.stringify(body);
        if (!this.made.has(text)) {
            const random = crypto.getRandomValues(new Uint8Array(16));
            this.made.set(text, Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join(''));
        }
        return this.made.get(text);
    }
}
