import type { ProxyOptions } from "./http.ts";

/** The proxies that the usual environment variables name. */
export function environmentProxy(
  env: Readonly<Record<string, string | undefined>>,
): ProxyOptions {
  return {
    http: env["HTTP_PROXY"] ?? env["http_proxy"],
    https: env["HTTPS_PROXY"] ?? env["https_proxy"],
    except: env["NO_PROXY"] ?? env["no_proxy"],
  };
}
