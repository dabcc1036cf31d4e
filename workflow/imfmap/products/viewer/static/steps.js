/* Numbers that viewer/steps.py has written as text: steps from row to row, in base64. */
"use strict";

const Steps = (() => {
  /** All numbers, row after row, each row of `width` numbers. They are below 2^30. */
  function decoded(text, width) {
    const bytes = atob(text);
    const numbers = new Int32Array(bytes.length);
    let [count, code, shift] = [0, 0, 0];
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes.charCodeAt(at);
      code |= (byte & 127) << shift;
      shift += 7;
      if (byte < 128) {
        numbers[count] = ((code >>> 1) ^ -(code & 1)) + (count < width ? 0 : numbers[count - width]);
        count += 1;
        code = 0;
        shift = 0;
      }
    }
    return numbers.subarray(0, count);
  }

  return { decoded };
})();
