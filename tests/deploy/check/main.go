// Checks manifests offline: every object is of a kind that is known and has no key that its type does not have; or that two
// sets of manifests are the same objects.
//
//	check types FILE...
//	check same FILE FILE
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	schedulerv1 "k8s.io/kube-scheduler/config/v1"
	unstructuredyaml "sigs.k8s.io/yaml"
)

// Kinds of others' APIs whose types are not here: their top-level keys.
var foreign = map[string]map[string]bool{
	"ServiceMonitor": {"apiVersion": true, "kind": true, "metadata": true, "spec": true},
}

func documents(file string) ([][]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(stripComments(document))) > 0 {
			out = append(out, document)
		}
	}
}

func stripComments(document []byte) []byte {
	var out []byte
	for _, line := range bytes.Split(document, []byte("\n")) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) && !bytes.Equal(bytes.TrimSpace(line), []byte("---")) {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

func object(document []byte) (map[string]any, error) {
	var out map[string]any
	err := unstructuredyaml.Unmarshal(document, &out)
	return out, err
}

func name(o map[string]any) string {
	metadata, _ := o["metadata"].(map[string]any)
	return fmt.Sprintf("%v %v/%v", o["kind"], metadata["namespace"], metadata["name"])
}

func types(files []string) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, rbacv1.AddToScheme,
		schedulerv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	count := 0
	for _, file := range files {
		all, err := documents(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, document := range all {
			o, err := object(document)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			count++
			if keys, ok := foreign[fmt.Sprint(o["kind"])]; ok {
				for key := range o {
					if !keys[key] {
						return fmt.Errorf("%s: %s: unknown key %q", file, name(o), key)
					}
				}
				continue
			}
			if _, _, err := strict.Decode(document, nil, nil); err != nil {
				return fmt.Errorf("%s: %s: %w", file, name(o), err)
			}
		}
	}
	fmt.Printf("%d objects, every key known\n", count)
	return nil
}

func set(file string) (map[string]map[string]any, error) {
	all, err := documents(file)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]any{}
	for _, document := range all {
		o, err := object(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out[name(o)] = o
	}
	return out, nil
}

func same(a, b string) error {
	left, err := set(a)
	if err != nil {
		return err
	}
	right, err := set(b)
	if err != nil {
		return err
	}
	var faults []error
	for key, o := range left {
		if other, ok := right[key]; !ok {
			faults = append(faults, fmt.Errorf("%s is in %s alone", key, a))
		} else if !reflect.DeepEqual(o, other) {
			one, _ := unstructuredyaml.Marshal(o)
			two, _ := unstructuredyaml.Marshal(other)
			faults = append(faults, fmt.Errorf("%s differs:\n%s", key, firstDifference(one, two)))
		}
	}
	for key := range right {
		if _, ok := left[key]; !ok {
			faults = append(faults, fmt.Errorf("%s is in %s alone", key, b))
		}
	}
	if len(faults) == 0 {
		fmt.Printf("the same %d objects\n", len(left))
	}
	return errors.Join(faults...)
}

func firstDifference(a, b []byte) string {
	left, right := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range left {
		if i >= len(right) || !bytes.Equal(left[i], right[i]) {
			other := []byte("(end)")
			if i < len(right) {
				other = right[i]
			}
			return fmt.Sprintf("  line %d\n  - %s\n  + %s", i+1, left[i], other)
		}
	}
	return fmt.Sprintf("  line %d: (end)", len(left))
}

func main() {
	var err error
	switch {
	case len(os.Args) >= 3 && os.Args[1] == "types":
		err = types(os.Args[2:])
	case len(os.Args) == 4 && os.Args[1] == "same":
		err = same(os.Args[2], os.Args[3])
	default:
		err = errors.New("usage: check types FILE... | check same FILE FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
