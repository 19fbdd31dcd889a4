/** Where a user works, by domain. */
export type UserPlaces = readonly (readonly [domain: string, locationId: string])[];

type Document = Readonly<Record<string, unknown>>;

/**
 * The places in a user's document. A mobile worker (CommCareUser) has one domain: `location_id` stands beside it, and
 * again in `domain_membership`; a web user has a membership per domain. HQ deletes a user by renaming `base_doc`; then she
 * has no place, and neither has what is no user at all.
 */
export function placesIn(document: Document | null): UserPlaces {
  if (document === null || document['base_doc'] !== 'CouchUser') return [];
  const memberships = document['domain_memberships'];
  const places = new Map<string, string>();
  const found = [
    { domain: document['domain'], location: document['location_id'] },
    membershipIn(document['domain_membership']),
    ...(Array.isArray(memberships) ? memberships.map(membershipIn) : []),
  ];
  for (const { domain, location } of found) {
    if (typeof domain !== 'string' || typeof location !== 'string' || location === '') continue;
    if (!places.has(domain)) places.set(domain, location);
  }
  return [...places];
}

function membershipIn(membership: unknown): { readonly domain: unknown; readonly location: unknown } {
  if (typeof membership !== 'object' || membership === null)
    return { domain: undefined, location: undefined };
  const { domain, location_id: location } = membership as Document;
  return { domain, location };
}
