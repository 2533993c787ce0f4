// Fields of forms: a label, a control, what it is for, what is wrong with it, and how many characters are left.

import {fill, freshId, h} from './dom.js';
import {characters} from './format.js';
import {icon} from './icons.js';

/** What every field has: {element, name, value(), check(), focus(), complain(text), input}. */
function field(name, label, control, options, extra = [])
{
    const hintId = freshId('hint');
    const errorId = freshId('error');
    const error = h('p', {class: 'field-error', id: errorId, hidden: true});
    const described = [options.hint ? hintId : null, ...extra.map((one) => one.id || null), errorId].filter(Boolean);
    control.setAttribute('aria-describedby', described.join(' '));
    if (options.required)
        control.required = true;
    const made = {
        name,
        input: control,
        element: h('div', {class: 'field'},
                   h('label', {for: control.id}, label,
                     options.required ? null : h('span', {class: 'faint'}, ' (optional)')),
                   options.hint ? h('p', {class: 'hint', id: hintId}, options.hint) : null, control, ...extra, error),
        tellsFaults: true,
        value: () => control.value,
        check: () => (options.required && control.value.trim() === '' ? options.missing ?? 'Please fill this in.' : null),
        focus: () => control.focus(),
        complain: (text) => {
            error.hidden = !text;
            fill(error, text ? [icon('warn'), text] : null);
            if (text)
                control.setAttribute('aria-invalid', 'true');
            else
                control.removeAttribute('aria-invalid');
        },
    };
    control.addEventListener('input', () => made.complain(null));
    return made;
}

/** Text of so many characters at most, counted as the service counts them: code points. */
export function textField(name, label, options = {})
{
    const id = freshId('field');
    const control = options.lines
        ? h('textarea', {id, name, rows: options.lines, spellcheck: options.spellcheck ?? 'true'})
        : h('input', {id, name, type: options.type ?? 'text', autocomplete: options.autocomplete ?? 'off',
                      spellcheck: options.spellcheck ?? 'false', inputmode: options.inputmode,
                      autocapitalize: options.lines ? null : 'off'});
    if (options.initial)
        control.value = options.initial;
    const counter = options.max ? h('p', {class: 'counter', id: freshId('counter')}) : null;
    const spoken = options.max ? h('p', {class: 'unseen', 'aria-live': 'polite'}) : null;
    const made = field(name, label, control, options, [counter, spoken].filter(Boolean));
    if (options.max) {
        const tell = () => {
            const left = options.max - characters(control.value);
            const text = left >= 0 ? `${left} characters left` : `${-left} characters too many`;
            counter.textContent = text;
            counter.classList.toggle('counter-over', left < 0);
            // Each letter told would be noise: those who hear it are told near the end.
            spoken.textContent = left <= 20 ? text : '';
        };
        control.addEventListener('input', tell);
        tell();
        const before = made.check;
        made.check = () => before() ??
            (characters(control.value) > options.max ? `At most ${options.max} characters, please.` : null);
    }
    made.value = () => (options.keepSpace ? control.value : control.value.trim());
    return made;
}

/** A moment, given in the reader's zone; UTC is told beside it. Value: ISO in UTC, or null. */
export function timeField(name, label, options = {})
{
    const control = h('input', {id: freshId('field'), name, type: 'datetime-local'});
    if (options.initial) {
        const at = new Date(options.initial);
        control.value = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    }
    const utc = h('p', {class: 'counter', id: freshId('utc')});
    const made = field(name, label, control, options, [utc]);
    made.value = () => {
        const at = control.value ? new Date(control.value) : null;
        return at && !Number.isNaN(at.getTime()) ? at.toISOString().replace(/\.\d+Z$/, '.000000Z') : null;
    };
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const tell = () => {
        const value = made.value();
        utc.textContent = value ? `${value.slice(0, 10)} ${value.slice(11, 16)} UTC` : `In your zone, ${zone}`;
    };
    control.addEventListener('input', tell);
    tell();
    return made;
}

export function choiceField(name, label, choices, options = {})
{
    const control = h('select', {id: freshId('field'), name},
                      choices.map(([value, text]) => h('option', {value, selected: value === options.initial}, text)));
    return field(name, label, control, {...options, required: options.required ?? true});
}

/** Yes or no; with `required` it has to be yes. */
export function checkField(name, label, options = {})
{
    const id = freshId('field');
    const hintId = freshId('hint');
    const errorId = freshId('error');
    const error = h('p', {class: 'field-error', id: errorId, hidden: true});
    const control = h('input', {type: 'checkbox', id, name, checked: options.initial ?? false,
                                'aria-describedby': [options.hint ? hintId : null, errorId].filter(Boolean).join(' ')});
    const complain = (text) => {
        error.hidden = !text;
        fill(error, text ? [icon('warn'), text] : null);
    };
    control.addEventListener('input', () => complain(null));
    return {
        name,
        input: control,
        element: h('div', {class: 'field check'}, control,
                   h('div', {}, h('label', {for: id}, label),
                     options.hint ? h('p', {class: 'hint', id: hintId}, options.hint) : null, error)),
        tellsFaults: true,
        value: () => control.checked,
        check: () => (options.required && !control.checked ? options.missing ?? 'Please tick this.' : null),
        focus: () => control.focus(),
        complain,
    };
}

/** Several of a few. Value: an array. */
export function checksField(name, label, choices, options = {})
{
    const boxes = choices.map(([value, text, hint]) => ({
        value,
        box: checkField(`${name}-${value}`, text, {hint, initial: options.initial?.includes(value)}),
    }));
    const error = h('p', {class: 'field-error', hidden: true, role: 'alert'});
    return {
        name,
        input: boxes[0].box.input,
        element: h('fieldset', {class: 'field'}, h('legend', {}, label),
                   options.hint ? h('p', {class: 'hint'}, options.hint) : null, boxes.map((one) => one.box.element), error),
        value: () => boxes.filter((one) => one.box.value()).map((one) => one.value),
        check: () => (options.required && !boxes.some((one) => one.box.value()) ? 'Please choose at least one.' : null),
        focus: () => boxes[0].box.focus(),
        complain: (text) => {
            error.hidden = !text;
            fill(error, text ? [icon('warn'), text] : null);
        },
    };
}

/** The typed name of what is at stake. */
export function confirmField(name, expected)
{
    const made = textField(name, `Type “${expected}” to confirm`, {required: true, keepSpace: true});
    made.check = () => (made.input.value === expected ? null : `This is not “${expected}”.`);
    made.confirms = true;
    return made;
}
