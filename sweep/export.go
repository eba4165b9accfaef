package sweep

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"tpe/internal/wholefile"
)

// Query runs a statement of SQL that only reads, and gives each row to each as text; columns
// come first.
func (st *Store) Query(query string, each func([]string) error) error {
	rows, err := st.db.Query(query)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := each(names); err != nil {
		return err
	}
	cells := make([]any, len(names))
	text := make([]string, len(names))
	for rows.Next() {
		to := make([]any, len(names))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		for i, c := range cells {
			text[i] = textOf(c)
		}
		if err := each(text); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// textOf is a value of SQLite; null is empty, a number has the least digits that give it back.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		return string(v)
	}
	return fmt.Sprint(v)
}

// everything is what exports hold, in an order that does not depend on how it was found.
const everything = "SELECT * FROM rows ORDER BY id, workload"

// ExportCSV writes all rows as CSV.
func (st *Store) ExportCSV(path string) error {
	return wholefile.Write(path, 0o644, func(w io.Writer) error {
		c := csv.NewWriter(w)
		if err := st.Query(everything, c.Write); err != nil {
			return err
		}
		c.Flush()
		return c.Error()
	})
}

// ExportParquet writes all rows as Parquet, Snappy compressed: integers, doubles and strings,
// each optional.
func (st *Store) ExportParquet(path string) error {
	rows, err := st.db.Query(everything)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	kinds := map[string]string{}
	for _, a := range st.space.Axes {
		kinds[axisColumn(a.Key)] = "INTEGER"
		for _, v := range a.Values {
			if _, ok := number(v).(int); !ok {
				kinds[axisColumn(a.Key)] = "TEXT"
			}
		}
	}
	group := parquet.Group{}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name()
		group[t.Name()] = parquet.Optional(columnNode(t.Name(), kinds))
	}
	schema := parquet.NewSchema("rows", group)
	place := make([]int, len(names)) // a group has its columns by name
	for i, n := range names {
		leaf, _ := schema.Lookup(n)
		place[i] = leaf.ColumnIndex
	}
	return wholefile.Write(path, 0o644, func(w io.Writer) error {
		out := parquet.NewWriter(w, schema, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(100_000), parquet.CreatedBy("tpe", "", ""))
		cells := make([]any, len(names))
		to := make([]any, len(names))
		for i := range cells {
			to[i] = &cells[i]
		}
		row := make(parquet.Row, len(names))
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				return err
			}
			for i, c := range cells {
				row[place[i]] = valueOf(c, group[names[i]].Type().Kind()).Level(0, level(c), place[i])
			}
			if _, err := out.WriteRows([]parquet.Row{row}); err != nil {
				return err
			}
		}
		return errors.Join(rows.Err(), out.Close())
	})
}

func columnNode(name string, axes map[string]string) parquet.Node {
	switch kind := axes[name]; {
	case name == "id", kind == "INTEGER":
		return parquet.Int(64)
	case name == "engine", name == "workload", name == "cycles_kind", name == "status", name == "error", kind == "TEXT":
		return parquet.String()
	}
	return parquet.Leaf(parquet.DoubleType)
}

func level(v any) int {
	if v == nil {
		return 0
	}
	return 1
}

func valueOf(v any, kind parquet.Kind) parquet.Value {
	switch v := v.(type) {
	case nil:
		return parquet.NullValue()
	case int64:
		switch kind {
		case parquet.Double:
			return parquet.DoubleValue(float64(v))
		case parquet.ByteArray:
			return parquet.ByteArrayValue([]byte(strconv.FormatInt(v, 10)))
		}
		return parquet.Int64Value(v)
	case float64:
		return parquet.DoubleValue(v)
	case []byte:
		return parquet.ByteArrayValue(v)
	}
	return parquet.ByteArrayValue([]byte(fmt.Sprint(v)))
}

// Scored is a point with some of its metrics, over all workloads together.
type Scored struct {
	Index  uint64
	Values []float64
}

// Scores are metrics of the points that a condition of SQL on the view totals allows; all if it
// is empty.
func (st *Store) Scores(names []string, where string) ([]Scored, error) {
	for _, n := range names {
		if err := st.has(n); err != nil {
			return nil, err
		}
	}
	q := "SELECT id, " + strings.Join(names, ", ") + " FROM totals"
	if where != "" {
		q += " WHERE (" + where + ")"
	}
	rows, err := st.db.Query(q + " ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("where %s: %w", where, err)
	}
	defer rows.Close()
	var list []Scored
	for rows.Next() {
		s := Scored{Values: make([]float64, len(names))}
		var id int64
		to := []any{&id}
		for i := range s.Values {
			to = append(to, &s.Values[i])
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		s.Index = uint64(id)
		list = append(list, s)
	}
	return list, rows.Err()
}

// has reports whether the store has a metric.
func (st *Store) has(name string) error {
	var names []string
	for _, m := range st.space.Known() {
		if m.Name == name {
			return nil
		}
		names = append(names, m.Name)
	}
	return fmt.Errorf("unknown metric: %q (expected %s)", name, orList(names))
}

// Counts are the numbers of points by status.
func (st *Store) Counts() (map[string]int64, error) {
	rows, err := st.db.Query("SELECT status, count(*) FROM point GROUP BY status")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var s string
		var n int64
		if err := rows.Scan(&s, &n); err != nil {
			return nil, err
		}
		counts[s] = n
	}
	return counts, rows.Err()
}
