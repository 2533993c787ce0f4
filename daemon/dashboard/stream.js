// A job's events as they come, over as many connections as it takes.

import {v1} from './api.js';

/**
 * @param listeners {progress(data), step(data), log(data), end(data), lost(), back()}
 * @return {close()}
 */
export function listen(jobId, listeners)
{
    let source = null;
    let timer = null;
    let last = null;
    let wait = 1000;
    let ended = false;

    function told(name, event)
    {
        last = event.lastEventId || last;
        let data = null;
        try {
            data = JSON.parse(event.data);
        } catch {
            data = {message: event.data};
        }
        listeners[name]?.(data);
    }

    function open()
    {
        source = new EventSource(v1('jobs', jobId, 'events'));
        source.addEventListener('open', () => {
            wait = 1000;
            listeners.back?.();
        });
        for (const name of ['progress', 'step', 'log'])
            source.addEventListener(name, (event) => told(name, event));
        source.addEventListener('end', (event) => {
            ended = true;
            source.close();
            told('end', event);
        });
        source.addEventListener('error', () => {
            if (ended)
                return;
            listeners.lost?.();
            // The browser comes again by itself, but for an answer that is no stream.
            if (source.readyState === EventSource.CLOSED) {
                timer = setTimeout(open, wait);
                wait = Math.min(wait * 2, 30000);
            }
        });
    }

    open();
    return {
        close: () => {
            ended = true;
            clearTimeout(timer);
            source.close();
        },
    };
}
