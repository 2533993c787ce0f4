// The few shapes that the pages use. They stand beside words and say nothing that the words do not.

const space = 'http://www.w3.org/2000/svg';

const paths = {
    open: ['circle 8 8 5'],
    half: ['circle 8 8 5', 'fill M8 3a5 5 0 0 1 0 10z'],
    running: ['M8 2.5a5.5 5.5 0 1 1-5.5 5.5'],
    done: ['disc 8 8 6.2', 'cut M5.2 8.2l2 2 3.6-4'],
    failed: ['fill M8 1.6 14.4 8 8 14.4 1.6 8z', 'cut M8 5v3.4M8 10.6v.1'],
    stopped: ['circle 8 8 5.5', 'M4.2 11.8l7.6-7.6'],
    late: ['circle 8 8 5.5', 'M8 4.8V8l2.2 1.6'],
    back: ['M5.5 3.5 2.5 6.5l3 3M3 6.5h6.2a3.5 3.5 0 0 1 0 7H6'],
    held: ['circle 8 8 5.5', 'M6.5 6v4M9.5 6v4'],
    ok: ['M3.2 8.4l3 3 6.6-7'],
    warn: ['M8 2.4 14.4 13.4H1.6z', 'M8 6.6v3M8 11.4v.1'],
    block: ['fill M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2L1.8 10.8V5.2z', 'cut M5.6 8h4.8'],
    info: ['circle 8 8 6', 'M8 7.4v3.4M8 5v.1'],
    none: ['M4.5 8h7'],
    close: ['M4 4l8 8M12 4l-8 8'],
};

function shape(text)
{
    const [kind, ...rest] = text.split(' ');
    if (kind === 'circle' || kind === 'disc') {
        const circle = document.createElementNS(space, 'circle');
        const [x, y, radius] = rest;
        circle.setAttribute('cx', x);
        circle.setAttribute('cy', y);
        circle.setAttribute('r', radius);
        if (kind === 'disc')
            circle.classList.add('icon-fill');
        return circle;
    }
    const path = document.createElementNS(space, 'path');
    const named = kind === 'fill' || kind === 'cut';
    path.setAttribute('d', named ? rest.join(' ') : text);
    if (named)
        path.classList.add(`icon-${kind}`);
    return path;
}

export function icon(name)
{
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    svg.classList.add('icon', `icon-is-${name}`);
    for (const text of paths[name] ?? paths.none)
        svg.append(shape(text));
    return svg;
}
