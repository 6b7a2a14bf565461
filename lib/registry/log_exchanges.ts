import type { Clock } from "../base/clock.ts";
import type { Send } from "../base/http.ts";
import { messageOf } from "../base/errors.ts";
import { describeRequest } from "./registry_error.ts";

/**
 * Tell of each HTTP exchange in one line: method and address without query, status, milliseconds.
 * Headers and bodies, which may be secret, are not told.
 */
export function logExchanges(send: Send, clock: Clock, log: (line: string) => void): Send {
  return async (request) => {
    const what = describeRequest(request.method, request.url);
    const begun = clock.now();
    try {
      const response = await send(request);
      log(`${what}: ${response.status} (${clock.now() - begun} ms)`);
      return response;
    } catch (error) {
      log(`${what}: ${messageOf(error)} (${clock.now() - begun} ms)`);
      throw error;
    }
  };
}
