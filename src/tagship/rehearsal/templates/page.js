const root = document.documentElement, button = document.getElementById("theme");
button.hidden = false;
button.onclick = () => {
  const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
};
const reveal = () => { const one = document.querySelector(location.hash || "main"); if (one?.tagName === "DETAILS") one.open = true; };
addEventListener("hashchange", reveal);
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
reveal();
