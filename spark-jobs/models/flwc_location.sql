-- Purpose: one row per location at each level of the domain, from the living locations of the deepest level upwards.
-- Reads: raw_location. Grain: location_level, location. Safe to re-run: a SELECT; ties are broken by revision and id.
WITH RECURSIVE
-- Locations under an archived one whose type is no level of the domain: their own rows do not tell of it.
hidden (location_id) AS (
  SELECT _id
  FROM raw_location
  WHERE is_archived
    AND coalesce(location_type_code NOT IN ({% for level in levels %}{{ level.code }}{% unless forloop.last %}, {% endunless %}{% endfor %}), true)
  UNION ALL
  SELECT below._id
  FROM raw_location AS below
  INNER JOIN hidden ON below.parent_location_id = hidden.location_id
),

living AS (
  -- Locations of the deepest level that are archived neither themselves nor under an archived ancestor.
  SELECT
    _id,
    _rev,
    {%- for level in levels %}
    {% if level.number == deepest.number %}_id AS {% endif %}{{ level.id }},
    {{ level.name }},
    {{ level.site_code }}{% unless forloop.last %},{% endunless %}
    {%- endfor %}
  FROM raw_location
  WHERE location_type_code = {{ deepest.code }}
    AND NOT coalesce(is_archived, false)
    {%- for level in levels %}
    AND NOT coalesce({{ level.is_archived }}, false)
    {%- endfor %}
    AND _id NOT IN (SELECT location_id FROM hidden WHERE location_id IS NOT NULL)
),

-- Rows below one location say the same of it, but while a move is being written some are newer than others.
locations AS (
  SELECT
    place.number AS location_level,
    max_by(
      struct(
        {%- for level in levels %}
        {{ level.id }}, {{ level.name }}, {{ level.site_code }}{% unless forloop.last %},{% endunless %}
        {%- endfor %}
      ),
      struct(_rev, _id)
    ) AS latest
  FROM living
  LATERAL VIEW explode(array(
    {%- for level in levels %}
    struct({{ level.number }} AS number, {{ level.id }} AS id){% unless forloop.last %},{% endunless %}
    {%- endfor %}
  )) places AS place
  WHERE place.id IS NOT NULL
  GROUP BY place.number, place.id
)

SELECT
  {{ domain }} AS domain,
  location_level,
  {%- for level in levels %}
  CASE WHEN location_level >= {{ level.number }} THEN latest.{{ level.id }} ELSE 'ALL' END AS {{ level.id }},
  CASE WHEN location_level >= {{ level.number }} THEN latest.{{ level.name }} ELSE 'ALL' END AS {{ level.name }},
  CASE WHEN location_level >= {{ level.number }} THEN latest.{{ level.site_code }} ELSE 'ALL' END AS {{ level.site_code }}{% unless forloop.last %},{% endunless %}
  {%- endfor %}
FROM locations
