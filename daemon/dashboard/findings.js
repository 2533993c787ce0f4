// What preflight found, and which two databases it looked at.

import {h} from './dom.js';
import {counted} from './format.js';
import {icon} from './icons.js';
import {notice} from './parts.js';

const icons = {ok: 'ok', warn: 'warn', block: 'block'};
const words = {ok: 'OK', warn: 'Warning', block: 'Blocks'};

function finding(one)
{
    return h('li', {class: `finding finding-${one.severity}`, 'data-check': one.check},
             h('span', {class: 'finding-severity'}, icon(icons[one.severity] ?? 'none'), words[one.severity] ?? one.severity),
             h('div', {class: 'finding-text'}, h('p', {}, one.message), one.hint ? h('p', {class: 'hint'}, one.hint) : null,
               h('code', {class: 'faint'}, one.check)));
}

/** What it comes to, in one line. */
export function verdictOf(preflight)
{
    const blocks = preflight.findings.filter((one) => one.severity === 'block').length;
    const warnings = preflight.findings.filter((one) => one.severity === 'warn').length;
    if (blocks > 0)
        return notice('bad', `${counted(blocks, 'finding')} would refuse the promotion`,
                      warnings ? h('p', {}, `Beside them ${counted(warnings, 'warning')}.`) : null);
    if (warnings > 0)
        return notice('warn', `Nothing is in the way; ${counted(warnings, 'warning')}`);
    return notice('good', 'Nothing is in the way');
}

/** All findings: what needs somebody first, what is well behind a summary. */
export function findingsList(preflight)
{
    const of = (severity) => preflight.findings.filter((one) => one.severity === severity);
    const loud = [...of('block'), ...of('warn')];
    const well = preflight.findings.filter((one) => !loud.includes(one));
    return [
        loud.length > 0 ? h('ul', {class: 'findings'}, loud.map(finding)) : null,
        well.length > 0 ? h('details', {class: 'well'}, h('summary', {}, `${counted(well.length, 'check')} found nothing wrong`),
                            h('ul', {class: 'findings'}, well.map(finding))) : null,
    ];
}

/** Both sides, beside each other: whether these are the ones that are meant. */
export function sides(preflight)
{
    if (!preflight.production && !preflight.preview)
        return null;
    const rows = [['Database', 'database'], ['Address', 'address'], ['Port', 'port'], ['OID', 'oid'], ['System identifier', 'system_identifier']];
    const cell = (side, name) => {
        const value = side?.[name];
        return value === null || value === undefined ? h('span', {class: 'faint'}, side ? '–' : 'not reached') : h('code', {}, String(value));
    };
    return h('table', {class: 'sides'}, h('caption', {class: 'unseen'}, 'Both sides'),
             h('thead', {}, h('tr', {}, h('td', {}), h('th', {scope: 'col'}, 'Production'), h('th', {scope: 'col'}, 'Preview'))),
             h('tbody', {}, rows.map(([title, name]) =>
                 h('tr', {}, h('th', {scope: 'row'}, title), h('td', {}, cell(preflight.production, name)),
                   h('td', {}, cell(preflight.preview, name))))));
}
