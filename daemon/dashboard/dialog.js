// Dialogs with a form. The browser's own <dialog> keeps the focus inside, closes on Escape, and gives the focus back.

import {Problem} from './api.js';
import {announce, fill, freshId, h} from './dom.js';
import {button, notice, problemNotice, table} from './parts.js';

/** What one acts on has changed since it was shown: `changes` is [[what, before, now], …]; `still` tells whether one may go on. */
export class Outdated extends Error {
    constructor(changes, still, reload)
    {
        super('This changed since you opened it.');
        this.changes = changes;
        this.still = still;
        this.reload = reload;
    }
}

function changesTable(changes)
{
    return table('What changed', [
        {title: 'What', cell: (row) => row[0]},
        {title: 'When you opened it', cell: (row) => row[1]},
        {title: 'Now', cell: (row) => row[2]},
    ], changes);
}

function outdatedNotice(outdated, close)
{
    const show = button('Show it as it is now', () => {
        close();
        outdated.reload();
    });
    const element = notice('warn', 'This changed since you opened it', h('p', {}, outdated.still
        ? 'Nothing was done. Look at what is another now; you can go on with it as it is, or go back.'
        : 'Nothing was done, and it cannot be done any more.'), changesTable(outdated.changes), h('p', {}, show));
    element.setAttribute('role', 'alert');
    return element;
}

/**
 * Opens a dialog with a form; resolves with what `submit` gave, or null when it was closed.
 *
 * @param options.title, intro (nodes), fields, submitLabel, danger
 * @param options.refused (failure): told of a refusal before it is shown
 * @param options.submit (values) → promise. A Problem that names a field is told at the field, an Outdated as what changed.
 */
export function formDialog(options)
{
    return new Promise((resolve) => {
        const titleId = freshId('title');
        const trouble = h('div', {class: 'dialog-trouble'});
        const fields = options.fields ?? [];
        const submit = h('button', {type: 'submit', class: options.danger ? 'button danger' : 'button primary'},
                         options.submitLabel);
        const cancel = button(options.cancelLabel ?? 'Not now', () => dialog.close());
        const form = h('form', {novalidate: true, on: {submit: onSubmit}},
                       h('div', {class: 'dialog-head'}, h('h2', {id: titleId, tabindex: '-1'}, options.title)),
                       h('div', {class: 'dialog-body'}, options.intro ?? null, fields.map((field) => field.element), trouble),
                       h('div', {class: 'dialog-foot'}, cancel, submit));
        const dialog = h('dialog', {class: `dialog ${options.wide ? 'wide' : ''}`.trim(), 'aria-labelledby': titleId}, form);
        let outcome = null;
        let busy = false;

        function complain()
        {
            let first = null;
            for (const field of fields) {
                const text = field.check();
                field.complain(text);
                first = first ?? (text ? field : null);
            }
            first?.focus();
            return first !== null;
        }

        function tell(failure)
        {
            options.refused?.(failure);
            const field = failure instanceof Problem && failure.field
                ? fields.find((one) => one.name === failure.field && one.tellsFaults) : undefined;
            if (failure instanceof Outdated) {
                fill(trouble, outdatedNotice(failure, () => dialog.close()));
                submit.hidden = !failure.still;
                submit.textContent = `${options.submitLabel} as it is now`;
            } else if (field) {
                // The field is at hand: its name in the interface is not told beside it.
                field.complain(failure.message.replace(/^[a-z]+\.[a-z_]+: (.)/, (all, first) => first.toUpperCase()));
                field.focus();
            } else {
                fill(trouble, problemNotice(failure, options.failedTitle ?? 'This was refused'));
            }
            trouble.scrollIntoView({block: 'nearest'});
        }

        async function onSubmit(event)
        {
            event.preventDefault();
            fill(trouble);
            if (busy || complain())
                return;
            busy = true;
            submit.setAttribute('aria-disabled', 'true');
            form.setAttribute('aria-busy', 'true');
            announce(`${options.submitLabel}: sent`);
            try {
                const values = Object.fromEntries(fields.map((field) => [field.name, field.value()]));
                outcome = (await options.submit(values)) ?? true;
                dialog.close();
            } catch (failure) {
                tell(failure);
            } finally {
                busy = false;
                submit.removeAttribute('aria-disabled');
                form.removeAttribute('aria-busy');
            }
        }

        dialog.addEventListener('close', () => {
            dialog.remove();
            resolve(outcome);
        });
        document.body.append(dialog);
        dialog.showModal();
        (fields.length > 0 && !options.focusTitle ? fields[0] : dialog.querySelector('h2')).focus();
    });
}

/** Shows something to be read or copied, with one button. */
export function showDialog(title, ...children)
{
    const titleId = freshId('title');
    const dialog = h('dialog', {class: 'dialog', 'aria-labelledby': titleId},
                     h('div', {class: 'dialog-head'}, h('h2', {id: titleId, tabindex: '-1'}, title)),
                     h('div', {class: 'dialog-body'}, ...children),
                     h('div', {class: 'dialog-foot'}, button('Done', () => dialog.close(), {class: 'button primary'})));
    return new Promise((resolve) => {
        dialog.addEventListener('close', () => {
            dialog.remove();
            resolve();
        });
        document.body.append(dialog);
        dialog.showModal();
        dialog.querySelector('h2').focus();
    });
}

/** Closes what is open: the page below is another one now. */
export function closeDialogs()
{
    for (const dialog of document.querySelectorAll('dialog[open]'))
        dialog.close();
}
