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

/**
 * What must not happen twice: a second try after no answer bears the Idempotency-Key of the first, and gets its answer. After an answer,
 * a refusal for one, the next try is another thing.
 */
export class Once {
    constructor()
    {
        this.text = null;
    }

    async post(path, body, options = {})
    {
        const text = JSON.stringify([path, body, options.ifMatch ?? null]);
        if (text !== this.text) {
            this.text = text;
            this.key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
        }
        try {
            const answer = await call('POST', path, {...options, body, idempotencyKey: this.key});
            this.text = null;
            return answer;
        } catch (failure) {
            if (failure.status > 0 && failure.status < 500)
                this.text = null;
            throw failure;
        }
    }
}
