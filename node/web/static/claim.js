/* The words of the claim link: from the address, where no server sees them, into the form; then out of the address. */
const form = document.querySelector("form[data-claim]");
if (form) {
  const fields = document.querySelectorAll("input[name=code]");
  const fill = (words) => fields.forEach((field) => { field.value = words; });
  const take = () => {
    const words = decodeURIComponent(location.hash.slice(1));
    if (words && words !== "main") {
      fill(words);
      history.replaceState(null, "", location.pathname);
    }
  };
  try {
    /* A form that came back does not hold them: they are never given back by an answer. */
    fill(sessionStorage.getItem("claim") || "");
    sessionStorage.removeItem("claim");
    document.addEventListener("submit", (event) => {
      /* Switching the language brings this page anew, and loses nothing either. */
      const typed = new FormData(event.target).get("code") || fields[0].value;
      if (typed) sessionStorage.setItem("claim", typed);
    });
  } catch { /* a browser that keeps nothing */ }
  take();
  addEventListener("hashchange", take);
}
