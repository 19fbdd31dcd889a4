/**
 * Pages of a reprocess or migration are batches beside the live ones. They are small where live changes come, which then never wait long; as long as
 * none comes each is twice the one before: a page's cost in Spark is per table first, so a first load in small pages takes many times as long.
 */
export const SMALLEST_PAGE = 5_000;

/** So many pages in a row reach any limit that anybody sets. */
export const PAGES_TO_FULL_SIZE = 11;

/**
 * @param inARow pages that were planned since the topic's last live batch
 * @param limit MAX_RECORDS_TO_PROCESS: a page is as large as a live batch may be, unless that is below the smallest page
 * @returns records of the next page at most
 */
export function recordsPerPage(inARow: number, limit: number): number {
  return Math.min(SMALLEST_PAGE * 2 ** Math.min(inARow, PAGES_TO_FULL_SIZE), Math.max(SMALLEST_PAGE, limit));
}
