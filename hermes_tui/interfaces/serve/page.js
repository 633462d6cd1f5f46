// Keys go to the app as soon as the page stands, and again once its tab is back: nobody has to click first.
const listen = () => document.querySelector("#terminal textarea")?.focus();
window.addEventListener("load", listen);
window.addEventListener("focus", listen);
