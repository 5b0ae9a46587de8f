/** What survives a round trip through JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object of {@link Json} values; undefined members are left out when written. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}
