// One line of JSON per request, with an id that the client gets too.

const wellFormed = /^[\w.:-]{1,64}$/;

/** The id set by a proxy in front, or a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id") ?? request.headers.get("cf-ray");
  return given && wellFormed.test(given) ? given : crypto.randomUUID();
}

export function log(entry: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(entry));
}
