// The button that changes between light and dark; without a choice the system's counts.

export function startTheme(button) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);
  const update = () => button.setAttribute('aria-pressed', String(isDark()));
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem('blip-theme', root.dataset.theme);
    } catch (error) {
      // Kept for this page alone.
    }
    update();
  });
  dark.addEventListener('change', update);
  update();
}
