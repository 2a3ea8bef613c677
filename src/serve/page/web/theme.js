// Light or dark, before the first paint: a classic script, which the browser waits for.
(function () {
  'use strict';
  var chosen = null;
  try {
    chosen = localStorage.getItem('blip-theme');
  } catch (error) {
    // Storage is forbidden: the system's choice it is.
  }
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
})();
