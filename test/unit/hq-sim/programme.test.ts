import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseUpdatesOf } from '../../hq-sim/case-xml.js';
import { demoProgramme } from '../../demo/programme.js';
import { FORM_TYPES } from '../../hq-sim/programme/form-types.js';
import { lakeConfigText } from '../../hq-sim/programme/lake-config.js';
import { planProgramme } from '../../hq-sim/programme/options.js';
import { tellStory, type StoryEvent } from '../../hq-sim/programme/story.js';
import { childNamed, descendants, parseXml, type XmlElement } from '../../hq-sim/xml-tree.js';
import { parseLakeConfig } from '../../../orchestrator/config/lake.js';

const story = [...tellStory(planProgramme())];
const roots = story.flatMap((event) => (event.kind === 'form' ? [parseXml(event.xml)] : []));

function formsOf(type: keyof typeof FORM_TYPES): XmlElement[] {
  return roots.filter((root) => root.namespace === FORM_TYPES[type].xmlns);
}

function answersAt(root: XmlElement, path: string): XmlElement | undefined {
  return path.split('/').reduce<XmlElement | undefined>(childNamed, root);
}

test('the same seed tells the same story, another seed another', () => {
  assert.deepEqual([...tellStory(planProgramme())], story);
  const xmlOf = (event: StoryEvent | undefined) => (event?.kind === 'form' ? event.xml : '');
  const other = [...tellStory(planProgramme({ seed: 2 }))];
  assert.notEqual(
    xmlOf(other.find((event) => event.kind === 'form')),
    xmlOf(story.find((event) => event.kind === 'form')),
  );
});

test('the small programme has 300 forms, 31 locations in five levels and about 250 cases', () => {
  const [first] = story;
  assert.equal(first?.kind, 'locations');
  const places = first.geography.places;
  assert.equal(places.length, 31);
  assert.deepEqual(
    [...new Set(places.map((place) => place.typeCode))],
    ['state', 'district', 'project', 'supervisor', 'flwc'],
  );
  assert.ok(Math.abs(roots.length - 300) <= 3);
  const cases = new Set(roots.flatMap((root) => caseUpdatesOf(root).map((update) => update.caseId)));
  assert.ok(Math.abs(cases.size - 250) <= 3);
});

test('things happen in the order HQ hears of them, mishaps of every kind among them', () => {
  story.reduce((before, event) => {
    assert.ok(before <= event.at);
    return event.at;
  }, '');
  const acts = new Set<string>(
    story.flatMap((event) => (event.kind === 'incident' ? [event.incident.act] : [])),
  );
  for (const act of [
    'edit',
    'archive',
    'unarchive',
    'delete-form',
    'undelete-form',
    'purge-form',
    'delete-case',
  ]) {
    assert.ok(acts.has(act), act);
  }
  for (const act of [
    'undelete-case',
    'case-type',
    'move-user',
    'move-location',
    'rename-location',
    'archive-location',
  ]) {
    assert.ok(acts.has(act), act);
  }
});

test('a home visit tells whether the child lives, the app and the place', () => {
  for (const root of formsOf('home_visit')) {
    for (const path of ['child_alive', 'meta/appVersion', 'meta/location']) {
      assert.ok(answersAt(root, path) !== undefined, path);
    }
  }
  assert.ok(formsOf('home_visit').length > 0);
});

test('children are listed as items with @id, sometimes one, sometimes many', () => {
  const lists = formsOf('child_snd').map((root) => childNamed(root, 'children_cases')?.children ?? []);
  assert.ok(lists.some((items) => items.length > 1));
  for (const item of lists.flat()) assert.ok((item.attributes['id'] ?? '') !== '');
});

test('a phone writes appVersion and location in a foreign namespace and dates with an offset', () => {
  const [root] = formsOf('child_weight_height');
  assert.ok(root !== undefined);
  const version = [...descendants(root)].find((element) => element.name === 'appVersion');
  assert.equal(version?.namespace, 'http://commcarehq.org/xforms');
  assert.ok(roots.some((one) => answersAt(one, 'meta/timeEnd')?.text.endsWith('+05:30') === true));
});

test('the lake configuration of the programme is valid and names its five forms', () => {
  const config = parseLakeConfig(lakeConfigText());
  const domain = config.domains['nutrition-demo'];
  assert.deepEqual(domain?.location_levels, ['state', 'district', 'project', 'supervisor', 'flwc']);
  assert.deepEqual(
    Object.values(domain.forms).map((form) => form?.name),
    Object.keys(FORM_TYPES),
  );
});

test('the demo’s programme has over 5,000 forms, 3,000 cases and 200 locations', () => {
  const told = [...tellStory(planProgramme(demoProgramme(5400)))];
  const forms = told.flatMap((event) => (event.kind === 'form' ? [parseXml(event.xml)] : []));
  const cases = new Set(forms.flatMap((root) => caseUpdatesOf(root).map((update) => update.caseId)));
  const places = told.flatMap((event) => (event.kind === 'locations' ? event.geography.places : []));
  const gone = told.filter(
    (event) => event.kind === 'incident' && /^(archive|delete)/.test(event.incident.act),
  );
  assert.ok(forms.length - gone.length >= 5000, `${forms.length} forms`);
  assert.ok(cases.size - gone.length >= 3000, `${cases.size} cases`);
  assert.ok(places.length >= 200, `${places.length} locations`);
});
