#pragma once
#include <libpq-fe.h>

/* libpq defines the fields of an error as macros with character values, which Swift does not import. */
static const int clibpq_field_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int clibpq_field_sqlstate = PG_DIAG_SQLSTATE;
static const int clibpq_field_message = PG_DIAG_MESSAGE_PRIMARY;
static const int clibpq_field_hint = PG_DIAG_MESSAGE_HINT;
static const int clibpq_field_position = PG_DIAG_STATEMENT_POSITION;
static const int clibpq_field_table = PG_DIAG_TABLE_NAME;
static const int clibpq_field_column = PG_DIAG_COLUMN_NAME;
static const int clibpq_field_constraint = PG_DIAG_CONSTRAINT_NAME;
static const int clibpq_field_function = PG_DIAG_SOURCE_FUNCTION;
