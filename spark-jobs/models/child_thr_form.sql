-- Purpose: for how many days each child listed in the month's forms was given take-home rations.
-- Reads: raw_child_thr_form of the month. Grain: child_case_id, month. Safe to re-run: a SELECT.
WITH forms AS (
  SELECT
    form__meta__timeEnd AS ended,
    -- Days without a number are none.
    coalesce(form__thr_details_group__number_of_days_thr_given, 0L) AS days,
    split(trim(form__thr_details_group__children_received_thr_id), '\\s+') AS received,
    -- A child listed twice in one form is given its days once.
    array_distinct(transform(form__children_0_3_cases__item, item -> item.`@id`)) AS listed
  FROM raw_child_thr_form
  WHERE month = {{ month }}
),

children AS (
  SELECT
    child_case_id,
    ended,
    CASE WHEN array_contains(received, child_case_id) THEN days ELSE 0L END AS days
  FROM forms
  LATERAL VIEW explode(listed) exploded AS child_case_id
  WHERE child_case_id <> ''
)

SELECT
  {{ domain }} AS domain,
  {{ month }} AS month,
  child_case_id,
  -- Typed by people: numbers too large to be added are no reason to fail.
  try_sum(days) AS days_thr_given,
  max(ended) AS last_timeend_processed
FROM children
GROUP BY child_case_id
