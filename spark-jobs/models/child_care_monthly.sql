-- Purpose: each child that is followed in the month, its age and place, what it is entitled to and what it got.
-- Reads: raw_child_care_case, raw_member_case, flwc_location and the month of the four form tables. Each is joined by a
-- key it has once at most, so that no child is doubled, and from the left, so that none is lost.
-- Grain: case_id, month. Safe to re-run: a SELECT.
WITH cases AS (
  SELECT
    _id AS case_id,
    owner_id,
    opened_on,
    case_json__birth_weight AS birth_weight,
    case_json__low_birth_weight AS low_birth_weight,
    case_json__breastfeeding_initiated AS breastfeeding_initiated,
    -- HQ knows an index once by its identifier; should there be more, the least id is taken, whatever their order.
    array_min(transform(
      filter(
        indices,
        i -> i.identifier = 'parent' AND i.referenced_type = 'member' AND i.referenced_id <> ''
      ),
      i -> i.referenced_id
    )) AS member_case_id
  FROM raw_child_care_case
  WHERE month <= {{ month }}
    AND NOT (
      coalesce(closed, false)
      AND coalesce(CAST(from_utc_timestamp(closed_on, {{ time_zone }}) AS DATE) < {{ month }}, false)
    )
),

members AS (
  SELECT
    _id AS member_case_id,
    name,
    case_json__member_dob AS dob,
    case_json__member_gender AS gender,
    case_json__member_death_date AS death_date,
    case_json__mother_case_id AS mother_member_case_id
  FROM raw_member_case
),

flwcs AS (
  SELECT
    {%- for level in levels %}
    {{ level.id }},
    {{ level.name }},
    {{ level.site_code }}{% unless forloop.last %},{% endunless %}
    {%- endfor %}
  FROM flwc_location
  WHERE location_level = {{ deepest.number }}
),

enrolments AS (
  SELECT
    member_case_id,
    want_nutrition_services,
    want_growth_tracking_services,
    want_counselling_services,
    -- Who was registered in the month counts as wanting all of it, whatever was answered.
    coalesce(CAST(from_utc_timestamp(registered_on, {{ time_zone }}) AS DATE) >= {{ month }}, false) AS is_new
  FROM service_enrollment_form
  WHERE month = {{ month }}
),

measured AS (
  SELECT * FROM child_weight_height_form WHERE month = {{ month }}
),

nutrition AS (
  SELECT * FROM supplementary_nutrition_form WHERE month = {{ month }}
),

rations AS (
  SELECT * FROM child_thr_form WHERE month = {{ month }}
),

children AS (
  SELECT
    cases.case_id,
    cases.member_case_id,
    cases.owner_id,
    cases.opened_on,
    cases.birth_weight,
    cases.low_birth_weight,
    cases.breastfeeding_initiated,
    members.name,
    members.dob,
    members.gender,
    members.death_date,
    members.mother_member_case_id,
    CAST(datediff({{ month }}, members.dob) AS DOUBLE) / 30.4D AS age_in_months,
    CAST(datediff({{ next_month }}, members.dob) AS DOUBLE) / 30.4D AS age_in_months_end,
    members.death_date IS NULL OR members.death_date > {{ month }} AS is_alive,
    coalesce(members.dob >= {{ month }} AND members.dob < {{ next_month }}, false) AS is_born,
    -- No enrolment counts as wanting.
    coalesce(enrolments.is_new OR enrolments.want_nutrition_services <> 0, true) AS wants_nutrition,
    coalesce(enrolments.is_new OR enrolments.want_growth_tracking_services <> 0, true) AS wants_growth_tracking,
    coalesce(enrolments.is_new OR enrolments.want_counselling_services <> 0, true) AS wants_counselling
  FROM cases
  LEFT JOIN members ON members.member_case_id = cases.member_case_id
  LEFT JOIN enrolments ON enrolments.member_case_id = cases.member_case_id
  WHERE cases.member_case_id IS NOT NULL
),

eligible AS (
  SELECT
    *,
    CASE
      {%- assign groups = '6,12,24,36,48,60,72' | split: ',' %}
      {%- for months in groups %}
      WHEN age_in_months <= {{ months | plus: 0 }} THEN {{ months | plus: 0 }}
      {%- endfor %}
    END AS age_group,
    coalesce(is_alive AND wants_growth_tracking AND age_in_months <= 60, false) AS is_gm_eligible,
    coalesce(is_alive AND wants_nutrition AND age_in_months > 36 AND age_in_months <= 72, false) AS is_pse_eligible,
    coalesce(is_alive AND wants_nutrition AND age_in_months > 6 AND age_in_months <= 36, false) AS is_thr_eligible
  FROM children
)

SELECT
  {{ domain }} AS domain,
  {{ month }} AS month,
  child.case_id,
  child.member_case_id,
  child.mother_member_case_id,
  child.name,
  child.dob,
  child.gender,
  child.death_date,
  child.opened_on,
  {%- for level in levels %}
  {%- if level.number == deepest.number %}
  -- The owner, also when it is no living location of this level: then nothing is known of it.
  child.owner_id AS {{ level.id }},
  {%- else %}
  flwcs.{{ level.id }},
  {%- endif %}
  flwcs.{{ level.name }},
  flwcs.{{ level.site_code }},
  {%- endfor %}
  child.age_in_months,
  child.age_in_months_end,
  child.age_group,
  CAST(child.is_alive AS INT) AS alive_in_month,
  CAST(child.is_born AS INT) AS born_in_month,
  CAST(child.wants_nutrition AS INT) AS want_nutrition_services,
  CAST(child.wants_growth_tracking AS INT) AS want_growth_tracking_services,
  CAST(child.wants_counselling AS INT) AS want_counselling_services,
  CAST(child.is_gm_eligible AS INT) AS gm_eligible,
  CAST(child.is_pse_eligible AS INT) AS pse_eligible,
  CAST(child.is_thr_eligible AS INT) AS thr_eligible,
  {%- assign measures = 'weight,height,zscore_grading_hfa,zscore_grading_wfh,zscore_grading_wfa' | split: ',' %}
  {%- for measure in measures %}
  CASE WHEN child.is_gm_eligible THEN measured.{{ measure | identifier }} END AS {{ measure | identifier }},
  {%- endfor %}
  CASE WHEN child.is_pse_eligible THEN coalesce(nutrition.total_pse_attended, 0) ELSE 0 END AS days_pse_attended,
  CASE WHEN child.is_pse_eligible THEN coalesce(nutrition.total_snd_given, 0) ELSE 0 END AS days_snd_given,
  CASE WHEN child.is_thr_eligible THEN coalesce(rations.days_thr_given, 0L) ELSE 0L END AS days_thr_given,
  child.birth_weight,
  CASE WHEN child.low_birth_weight = 'yes' THEN 1 ELSE 0 END AS low_birth_weight,
  CASE WHEN child.breastfeeding_initiated = 'yes' THEN 1 ELSE 0 END AS immediate_bf
FROM eligible AS child
LEFT JOIN flwcs ON flwcs.{{ deepest.id }} = child.owner_id
LEFT JOIN measured ON measured.child_case_id = child.case_id
LEFT JOIN nutrition ON nutrition.child_case_id = child.case_id
LEFT JOIN rations ON rations.child_case_id = child.case_id
