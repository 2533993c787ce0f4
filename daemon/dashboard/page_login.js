// Logging in, with an API key.

import {h} from './dom.js';
import {textField} from './fields.js';
import {problemNotice} from './parts.js';
import {fill} from './dom.js';
import {logIn} from './session.js';

export function loginPage(arrived)
{
    const key = textField('key', 'API key', {required: true, type: 'password', autocomplete: 'current-password',
                                             missing: 'Please enter your key.',
                                             hint: 'It begins with ck_ and was shown once, when it was made.'});
    const trouble = h('div', {});
    const submit = h('button', {type: 'submit', class: 'button primary'}, 'Log in');
    let busy = false;
    async function onSubmit(event)
    {
        event.preventDefault();
        fill(trouble);
        const missing = key.check();
        key.complain(missing);
        if (busy || missing) {
            key.focus();
            return;
        }
        busy = true;
        try {
            await logIn(key.value());
            arrived();
        } catch (failure) {
            const wrong = failure.status === 401 || failure.status === 403;
            fill(trouble, problemNotice(failure, wrong ? 'This key does not open anything' : 'You could not be logged in'));
            key.focus();
        } finally {
            busy = false;
        }
    }
    const element = h('div', {class: 'login'},
                      h('h1', {tabindex: '-1'}, h('img', {src: '/icon.svg', alt: '', width: 32, height: 32}), 'Cutover'),
                      h('p', {class: 'lead'}, 'Log in to see previews, requests and backups.'),
                      h('form', {novalidate: true, on: {submit: onSubmit}}, key.element, trouble, submit));
    return {title: 'Log in', element, focus: key.input};
}
