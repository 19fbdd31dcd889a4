-- Purpose: what services each member wants, by the last enrolment form of the month; without one, as the month before.
-- Reads: raw_service_enrollment_form of the month, its own previous month. Grain: member_case_id, month. Safe to re-run: a SELECT.
WITH last_forms AS (
  SELECT
    form__member_caseid_loaded AS member_case_id,
    max_by(
      struct(
        _id AS form_id,
        form__meta__timeEnd AS registered_on,
        form__want_nutrition_services_check AS nutrition,
        form__want_growth_tracking_services_check AS growth_tracking,
        form__want_counselling_services_check AS counselling
      ),
      -- A form without timeEnd comes before all that have one.
      struct(form__meta__timeEnd, received_on, _id)
    ) AS form
  FROM raw_service_enrollment_form
  WHERE month = {{ month }}
    AND form__member_caseid_loaded <> ''
  GROUP BY form__member_caseid_loaded
),

of_this_month AS (
  SELECT
    member_case_id,
    form.registered_on AS registered_on,
    form.form_id AS form_id,
    -- An unanswered question counts as wanting.
    CASE WHEN form.nutrition = 'no' THEN 0 ELSE 1 END AS want_nutrition_services,
    CASE WHEN form.growth_tracking = 'no' THEN 0 ELSE 1 END AS want_growth_tracking_services,
    CASE WHEN form.counselling = 'no' THEN 0 ELSE 1 END AS want_counselling_services
  FROM last_forms
),

carried_over AS (
  SELECT
    before.member_case_id,
    before.registered_on,
    before.form_id,
    before.want_nutrition_services,
    before.want_growth_tracking_services,
    before.want_counselling_services
  FROM service_enrollment_form AS before
  LEFT ANTI JOIN last_forms ON last_forms.member_case_id = before.member_case_id
  WHERE before.month = {{ previous_month }}
)

SELECT {{ domain }} AS domain, {{ month }} AS month, * FROM of_this_month
UNION ALL
SELECT {{ domain }} AS domain, {{ month }} AS month, * FROM carried_over
