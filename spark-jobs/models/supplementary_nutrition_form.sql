-- Purpose: on how many days of the month each child listed in the centres' forms attended, and was served.
-- Reads: raw_child_snd_form of the month. Grain: child_case_id, month. Safe to re-run: a SELECT.
WITH forms AS (
  SELECT
    form__meta__timeEnd AS ended,
    -- 0 is the first of the month: the form's month is that of the same time, in the same zone.
    datediff(
      CAST(from_utc_timestamp(coalesce(form__meta__timeEnd, received_on), {{ time_zone }}) AS DATE),
      {{ month }}
    ) AS day,
    split(trim(form__children_attendance__present_children), '\\s+') AS present,
    split(trim(form__children_food_served), '\\s+') AS served,
    -- A child listed twice in one form is listed once.
    array_distinct(transform(form__children_cases__item, item -> item.`@id`)) AS listed
  FROM raw_child_snd_form
  WHERE month = {{ month }}
),

children AS (
  SELECT
    child_case_id,
    ended,
    coalesce(array_contains(present, child_case_id), false) AS attended,
    coalesce(array_contains(served, child_case_id), false) AS given,
    shiftleft(1L, day) AS day_bit
  FROM forms
  LATERAL VIEW explode(listed) exploded AS child_case_id
  WHERE child_case_id <> ''
)

SELECT
  {{ domain }} AS domain,
  {{ month }} AS month,
  child_case_id,
  -- A day is a bit, so that it counts once however many forms name it.
  CAST(bit_count(coalesce(bit_or(day_bit) FILTER (WHERE attended), 0L)) AS INT) AS total_pse_attended,
  CAST(bit_count(coalesce(bit_or(day_bit) FILTER (WHERE given), 0L)) AS INT) AS total_snd_given,
  max(ended) AS last_timeend_processed
FROM children
GROUP BY child_case_id
