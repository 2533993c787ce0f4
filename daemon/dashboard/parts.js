// What pages are made of: states, times, facts, tables, notices.

import {Problem} from './api.js';
import {fill, freshId, h, put} from './dom.js';
import {fromNow, shortId, timeText, timeTitle} from './format.js';
import {icon} from './icons.js';
import {stateOf} from './words.js';

/** A state, by a word and a shape. */
export function badge(word, label)
{
    const [text, shape, tone] = stateOf(word);
    return h('span', {class: `state state-${tone}`, 'data-state': word}, icon(shape), label ?? text);
}

/** A time in the reader's zone, UTC in its title; "relative" adds how far off it is. */
export function time(iso, options = {})
{
    if (!iso)
        return h('span', {class: 'faint'}, options.none ?? '–');
    const element = h('time', {datetime: iso, title: timeTitle(iso)}, timeText(iso, options.seconds));
    return options.relative ? [element, ' ', h('span', {class: 'faint nowrap'}, `(${fromNow(iso)})`)] : element;
}

export function link(hash, ...children)
{
    return h('a', {href: hash}, ...children);
}

/** An id, short, whole in its title. */
export function idText(id)
{
    return id ? h('code', {title: id}, shortId(id)) : h('span', {class: 'faint'}, '–');
}

export function button(label, listener, options = {})
{
    return h('button', {type: 'button', class: options.class ?? 'button', id: options.id, 'data-act': options.act,
                        'aria-describedby': options.describedBy, on: {click: listener}}, label);
}

/** Facts as a list of names and values: [[name, value…], …]; what is null is left out. */
export function facts(rows, options = {})
{
    return h('dl', {class: options.class ?? 'facts'},
             rows.filter(Boolean).map(([name, ...values]) =>
                 h('div', {class: 'fact'}, h('dt', {}, name), h('dd', {}, ...values))));
}

const notices = {info: 'info', good: 'ok', warn: 'warn', bad: 'failed'};

/** Something to be read: tone is info, good, warn or bad. */
export function notice(tone, title, ...children)
{
    return h('div', {class: `notice notice-${tone}`}, icon(notices[tone]),
             h('div', {class: 'notice-text'}, title ? h('strong', {}, title) : null, ...children));
}

/** What a failure says, and what to do about it. */
export function problemNotice(failure, title)
{
    const details = [h('p', {}, failure.message)];
    if (failure.hint)
        details.push(h('p', {class: 'hint'}, failure.hint));
    if (failure instanceof Problem && failure.retryAfter)
        details.push(h('p', {class: 'hint'}, `Try again in ${failure.retryAfter} s.`));
    const element = notice('bad', title ?? null, details);
    element.setAttribute('role', 'alert');
    return element;
}

/** A part of a page with a heading. */
export function panel(title, options = {}, ...children)
{
    const id = freshId('panel');
    return h('section', {class: `panel ${options.class ?? ''}`.trim(), 'aria-labelledby': id, id: options.id},
             h('div', {class: 'panel-head'}, h('h2', {id, tabindex: options.focusable ? '-1' : null}, title),
               options.aside ?? null), ...children);
}

/** What a cell holds, as one child: beside the column's title where the table is a list of cards. Nothing stays nothing. */
function inOne(content)
{
    const children = [content].flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
    return children.length > 1 ? h('div', {class: 'cell'}, children) : children;
}

/**
 * A table that becomes a list of cards where there is no room; roles keep it a table for those who hear it.
 *
 * @param caption What it lists, for those who hear it.
 * @param columns [{title, cell(row), class}]: the first is the row's header.
 */
export function table(caption, columns, rows)
{
    const head = h('thead', {role: 'rowgroup'},
                   h('tr', {role: 'row'}, columns.map((column) =>
                       h('th', {scope: 'col', role: 'columnheader', class: column.class}, column.title))));
    const body = h('tbody', {role: 'rowgroup'});
    const element = h('table', {role: 'table', class: 'table'}, h('caption', {class: 'unseen'}, caption), head, body);
    element.add = (more) => {
        put(body, more.map((row) => h('tr', {role: 'row'}, columns.map((column, index) => {
            const attributes = {class: column.class, 'data-label': column.title};
            return index === 0 ? h('th', {scope: 'row', role: 'rowheader', ...attributes}, column.cell(row))
                : h('td', {role: 'cell', ...attributes}, inOne(column.cell(row)));
        }))));
    };
    element.add(rows);
    return element;
}

export function loading(what = 'Loading')
{
    return h('p', {class: 'loading', role: 'status'}, what);
}

export function empty(title, ...children)
{
    return h('div', {class: 'empty'}, h('p', {class: 'empty-title'}, title), ...children);
}

/** Has the element show what `make` gives once it is there; what fails meanwhile is told, with a way to try again. */
export async function showIn(element, make, what)
{
    element.setAttribute('aria-busy', 'true');
    fill(element, loading(what));
    try {
        fill(element, await make());
    } catch (failure) {
        if (failure.name === 'AbortError')
            return;
        fill(element, problemNotice(failure, 'This could not be loaded'),
             h('p', {}, button('Try again', () => showIn(element, make, what))));
    } finally {
        element.removeAttribute('aria-busy');
    }
}

/**
 * A list that comes in pages, as a table with a button for what follows.
 *
 * @param load    (cursor) → {items, next_cursor}
 * @param nothing What is shown where there is nothing: a node.
 */
export async function pagedTable(caption, columns, load, nothing)
{
    let page = await load(null);
    if (page.items.length === 0 && !page.next_cursor)
        return nothing;
    const list = table(caption, columns, page.items);
    const foot = h('div', {class: 'more'});
    const offer = () => fill(foot, page.next_cursor ? button('Show more', more) : null);
    async function more()
    {
        fill(foot, loading());
        try {
            page = await load(page.next_cursor);
            list.add(page.items);
            offer();
        } catch (failure) {
            fill(foot, problemNotice(failure), button('Try again', more));
        }
    }
    offer();
    return [list, foot];
}
