// Where the arrow keys lead in the graph: up and down in a column, left and right along the strongest ribbon. Pure.

/**
 * @typedef {import("./groups.js").Card} Card
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Ribbon} Ribbon
 */

/**
 * @param {string} key as of a keyboard event @param {Card} card where one is @param {Layout} layout
 * @param {(ribbon: Ribbon) => number} strength @returns {Card | undefined | null} null: the key is no move
 */
export function moved(key, card, layout, strength) {
  const column = layout.cards.filter((one) => one.column === card.column).sort((a, b) => a.y - b.y);
  const along = (/** @type {"from" | "to"} */ near, /** @type {"from" | "to"} */ far) => {
    const ways = layout.ribbons.filter((one) => one[near] === card && one[far].column !== card.column);
    return ways.sort((a, b) => strength(b) - strength(a))[0]?.[far];
  };
  switch (key) {
    case "ArrowDown":
      return column[column.indexOf(card) + 1];
    case "ArrowUp":
      return column[column.indexOf(card) - 1];
    case "ArrowRight":
      return along("from", "to");
    case "ArrowLeft":
      return along("to", "from");
    case "Home":
      return column[0];
    case "End":
      return column[column.length - 1];
    default:
      return null;
  }
}

/**
 * The next card whose name begins with what was typed, in the order of reading, from `card` on.
 * @param {string} typed @param {Card} card @param {Layout} layout @returns {Card | undefined}
 */
export function typedTo(typed, card, layout) {
  const cards = [...layout.cards].sort((a, b) => a.column - b.column || a.y - b.y);
  const at = cards.indexOf(card) + (typed.length > 1 ? 0 : 1);
  return [...cards.slice(at), ...cards.slice(0, at)].find((one) => one.label.toLowerCase().startsWith(typed.toLowerCase()));
}
