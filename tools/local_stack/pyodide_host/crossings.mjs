// Counts what a request costs at the border between Python and JavaScript (`main.mjs --crossings`).
//
// Python reaches JavaScript by functions that Pyodide's WebAssembly imports, one for each kind of
// step; they are counted by name. A name that Pyodide no longer has is an error here, so that an
// upgrade cannot make the count smaller.

/** Steps of Python code: a call, a constructor, an attribute, an item, an iteration, a conversion. */
const STEPS = [
  'JsvFunction_CallBound',
  'JsvFunction_Construct',
  'JsvObject_CallMethod_NoArgs',
  'JsvObject_CallMethod_OneArg',
  'JsvObject_CallMethod_TwoArgs',
  'JsProxy_GetAttr_js',
  'JsProxy_SetAttr_js',
  'JsProxy_DelAttr_js',
  'JsProxy_subscript_js',
  'JsProxy_GetIter_js',
  'JsProxy_GetAsyncIter_js',
  'JsvArray_Get',
  'JsObjMap_subscript_js',
  'Jsv_to_bool',
  'JsProxy_Bool_js',
  'JsvBuffer_assignToPtr',
  'JsvBuffer_assignFromPtr',
  '_python2js_buffer_inner',
  'js2python_convert',
];

/** One for each promise that Python awaits by itself. */
const AWAITED = 'JsvPromise_Resolve';
/** One for each that the Worker's module `steps.mjs` awaits for it. */
const RESUMED = 'resumed';

const counts = new Map();

/** Have every step counted; to be called before Pyodide is loaded. */
export function countCrossings() {
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = (source, imports) => {
    if (imports?.env && AWAITED in imports.env) {
      for (const name of [...STEPS, AWAITED]) imports.env[name] = counted(name, imports.env[name]);
    }
    return instantiate.call(WebAssembly, source, imports);
  };
}

function counted(name, step) {
  if (typeof step !== 'function') throw new Error(`Pyodide has no ${name} any more`);
  return (...values) => {
    count(name);
    return step(...values);
  };
}

function count(name, times = 1) {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

/** The Worker's module with the awaited promises counted, and not what Python gets with each. */
export function countResumed(module) {
  const answerTo = (callback) =>
    module.answerTo((...values) => {
      count(RESUMED);
      count('JsvArray_Get', -values.length);
      return callback(...values);
    });
  return { ...module, answerTo };
}

/** What was counted since the last call, as `{"awaited": 4, "crossings": 90, "steps": {…}}`. */
export function takeCount() {
  const steps = Object.fromEntries(counts);
  counts.clear();
  const { [AWAITED]: awaited = 0, [RESUMED]: resumed = 0, ...rest } = steps;
  const crossings = Object.values(rest).reduce((sum, count) => sum + count, 0);
  return { awaited: awaited + resumed, crossings, steps: rest };
}
