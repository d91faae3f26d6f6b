// Passkeys: adding one and signing in with one. Nothing here is needed for anything; each page says what else there is.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const words = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function ask(address, given) {
  const answer = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(given),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.status === 204 ? null : answer.json();
}

function said(credential) {
  const told = { id: credential.id, rawId: words(credential.rawId), type: credential.type, response: {} };
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) told.response[part] = words(credential.response[part]);
  }
  return told;
}

async function signIn() {
  const options = await ask("/api/passkeys/sign-in/options", {});
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
  const credential = await navigator.credentials.get({ publicKey });
  await ask("/api/passkeys/sign-in", { credential: said(credential) });
  location.assign("/");
}

async function add(name) {
  const options = await ask("/api/passkeys/options", {});
  const known = (options.excludeCredentials || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const user = { ...options.user, id: bytes(options.user.id) };
  const publicKey = { ...options, challenge: bytes(options.challenge), user, excludeCredentials: known };
  const credential = await navigator.credentials.create({ publicKey });
  await ask("/api/passkeys", { name, credential: said(credential) });
  location.assign("/account#passkeys");
  location.reload();
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  for (const one of part.querySelectorAll("[hidden]")) one.hidden = false;
  for (const one of part.querySelectorAll("[data-without]")) one.hidden = true;
  part.querySelector("button").addEventListener("click", async (event) => {
    event.preventDefault();
    const status = part.querySelector("[role=status]");
    status.textContent = "";
    try {
      await (part.dataset.passkey === "add" ? add(part.querySelector("input").value) : signIn());
    } catch {
      status.textContent = part.dataset.failed;
    }
  });
}
