// Builds elements. Everything that comes from elsewhere becomes a text node or an attribute's value: there is no way
// here to have text read as HTML, and no style attribute, which the Content-Security-Policy would refuse.

const properties = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'selected', 'required', 'readOnly']);

/**
 * @param name       The tag.
 * @param attributes {name: value}; null, undefined and false leave one out; `on` is {event: listener}.
 * @param children   Nodes, texts, numbers, arrays of them; null and false are nothing.
 */
export function h(name, attributes, ...children)
{
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined)
            continue;
        if (key === 'on') {
            for (const [event, listener] of Object.entries(value))
                element.addEventListener(event, listener);
        } else if (properties.has(key)) {
            element[key] = value;
        } else if (value !== false) {
            element.setAttribute(key, value === true ? '' : String(value));
        }
    }
    put(element, ...children);
    return element;
}

/** Appends children to an element. */
export function put(element, ...children)
{
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false)
            element.append(child instanceof Node ? child : String(child));
    }
    return element;
}

/** Has the element hold these children and nothing else. */
export function fill(element, ...children)
{
    element.replaceChildren();
    return put(element, ...children);
}

let ids = 0;

/** An id that no other element has. */
export function freshId(prefix)
{
    return `${prefix}-${++ids}`;
}

/** Tells something to those who do not see it, politely. The same text twice is told twice. */
export function announce(text)
{
    const region = document.getElementById('announce');
    region.textContent = '';
    setTimeout(() => { region.textContent = text; }, 50);
}
