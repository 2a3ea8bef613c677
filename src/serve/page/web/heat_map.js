// Heat maps: from a few numbers to a smooth coloured layer over the picture.

const FINE = 256; // cells of the enlarged map on its longer side

// The weights of a cubic B-spline at the place t between two samples: smooth, without overshoot.
function weights(t) {
  const u = 1 - t;
  return [u ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (3 * u ** 3 - 6 * u ** 2 + 4) / 6, t ** 3 / 6];
}

function taps(length, fine) {
  return Array.from({ length: fine }, (_, index) => {
    const place = ((index + 0.5) * length) / fine - 0.5;
    const base = Math.floor(place);
    const clamped = [-1, 0, 1, 2].map((step) => Math.min(length - 1, Math.max(0, base + step)));
    return { clamped, weight: weights(place - base) };
  });
}

// map: rows of numbers → {width, height, values}, values from 0 to 1, where 1 is its largest.
export function enlarge(map, width, height) {
  const across = taps(map[0].length, width);
  const down = taps(map.length, height);
  const narrow = map.map((row) => across.map(({ clamped, weight }) =>
    clamped.reduce((sum, at, tap) => sum + weight[tap] * row[at], 0)));
  const values = new Float32Array(width * height);
  let largest = 0;
  down.forEach(({ clamped, weight }, y) => {
    for (let x = 0; x < width; x += 1) {
      const value = clamped.reduce((sum, at, tap) => sum + weight[tap] * narrow[at][x], 0);
      values[y * width + x] = value;
      largest = Math.max(largest, value);
    }
  });
  if (largest > 0) values.forEach((value, index) => { values[index] = value / largest; });
  return values;
}

// From dark violet by red and orange to light yellow: rising lightness, so it also reads in grey.
const RAMP = [
  [0.00, 22, 11, 57], [0.25, 106, 23, 110], [0.5, 188, 55, 84], [0.75, 249, 142, 9], [1, 252, 255, 190],
];

function colour(value) {
  const upper = Math.max(1, RAMP.findIndex(([at]) => at >= value));
  const [from, ...low] = RAMP[upper - 1];
  const [to, ...high] = RAMP[upper];
  const share = (value - from) / (to - from);
  return low.map((channel, index) => channel + share * (high[index] - channel));
}

const TABLE = Array.from({ length: 256 }, (_, index) => colour(index / 255));

// Draws `map` over all of `canvas`, which lies over a picture of that shape. Where the model did
// not look the picture is veiled; where it did, it shines through in colour.
export function drawHeatMap(canvas, map, pictureWidth, pictureHeight) {
  const scale = FINE / Math.max(pictureWidth, pictureHeight, 1);
  canvas.width = Math.max(1, Math.round(pictureWidth * scale));
  canvas.height = Math.max(1, Math.round(pictureHeight * scale));
  const context = canvas.getContext('2d');
  const image = context.createImageData(canvas.width, canvas.height);
  const values = enlarge(map, canvas.width, canvas.height);
  values.forEach((value, index) => {
    const [red, green, blue] = TABLE[Math.round(255 * value)];
    image.data.set([red, green, blue, 255 * (0.72 - 0.12 * value)], 4 * index);
  });
  context.putImageData(image, 0, 0);
}

// Where the strongest place is, for those who do not see it: "in the upper left".
export function placeOf(map) {
  let best = -1;
  let row = 0;
  let column = 0;
  map.forEach((line, y) => line.forEach((value, x) => {
    if (value > best) [best, row, column] = [value, y, x];
  }));
  const third = (at, length) => Math.min(2, Math.floor((3 * (at + 0.5)) / length));
  const vertical = ['upper', '', 'lower'][third(row, map.length)];
  const horizontal = ['left', '', 'right'][third(column, map[0].length)];
  if (!vertical && !horizontal) return 'in the centre';
  if (!vertical) return `on the ${horizontal}`;
  return horizontal ? `in the ${vertical} ${horizontal}` : `in the ${vertical} middle`;
}
