// Times, sizes, durations and counts as people read them.

const locale = 'en-GB';
const preference = 'cutover.times';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Whether times are shown in UTC: the reader's choice, kept in this browser. */
export function inUtc()
{
    try {
        return localStorage.getItem(preference) === 'utc';
    } catch {
        return false;
    }
}

export function setUtc(utc)
{
    try {
        localStorage.setItem(preference, utc ? 'utc' : 'local');
    } catch {
        // A browser that keeps nothing shows the reader's zone.
    }
}

const parts = {year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
const forms = {
    local: new Intl.DateTimeFormat(locale, parts),
    localSeconds: new Intl.DateTimeFormat(locale, {...parts, second: '2-digit'}),
    utc: new Intl.DateTimeFormat(locale, {...parts, timeZone: 'UTC'}),
    utcSeconds: new Intl.DateTimeFormat(locale, {...parts, second: '2-digit', timeZone: 'UTC'}),
};

/** A time for reading, in the zone that the reader chose. */
export function timeText(iso, seconds = false)
{
    const form = forms[(inUtc() ? 'utc' : 'local') + (seconds ? 'Seconds' : '')];
    return form.format(new Date(iso)) + (inUtc() ? ' UTC' : '');
}

/** The other one, for the title: UTC beside the reader's zone, the reader's zone beside UTC. */
export function timeTitle(iso)
{
    const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
    return inUtc() ? `${forms.localSeconds.format(new Date(iso))} ${zone}` : utc;
}

/** "in 3 h", "2 min ago". */
export function fromNow(iso, now = Date.now())
{
    const seconds = (new Date(iso).getTime() - now) / 1000;
    const length = Math.abs(seconds);
    if (length < 10)
        return 'now';
    const text = length < 90 ? `${Math.round(length)} s`
        : length < 5400 ? `${Math.round(length / 60)} min`
        : length < 172800 ? `${Math.round(length / 3600)} h`
        : `${Math.round(length / 86400)} days`;
    return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** Milliseconds as "35 ms", "2.4 s", "3 min 20 s", "1 h 5 min". */
export function duration(milliseconds)
{
    if (milliseconds < 1000)
        return `${Math.round(milliseconds)} ms`;
    const seconds = milliseconds / 1000;
    if (seconds < 59.95)
        return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    if (whole < 3600)
        return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** Seconds that count down or up: no tenths, which would only flicker. */
export function wholeSeconds(seconds)
{
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60)
        return `${whole} s`;
    if (whole < 3600)
        return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** Bytes, a thousand to the kB, as cutoverctl says them. */
export function bytes(count)
{
    const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
    let unit = 0;
    while (count >= 999.95 && unit < units.length - 1) {
        count /= 1000;
        unit++;
    }
    return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

const whole = new Intl.NumberFormat(locale);

/** A count with its thousands apart. */
export function count(number)
{
    return whole.format(number);
}

/** "1 table", "2 tables". */
export function counted(number, noun)
{
    return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Characters as the library counts them: code points. */
export function characters(text)
{
    let number = 0;
    for (const _ of text)
        number++;
    return number;
}

/** A server's version number: 150018 is 15.18. */
export function serverVersion(number)
{
    return number ? `${Math.floor(number / 10000)}.${number % 10000}` : 'not known';
}

/** What names a thing in a few characters; the whole id is in the title. */
export function shortId(id)
{
    return id.length === 36 ? id.slice(-12) : id;
}
