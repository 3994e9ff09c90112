"""The three patches of Kubernetes: strategic merge, merge (RFC 7386) and JSON patch (RFC 6902)."""

import copy

from support.cluster.errors import BadRequest
from support.cluster.schemas import field_schema, item_schema, schema_of


def apply_patch(content_type: str, object_: dict, patch: dict | list) -> dict:
    """The patched copy of an object."""
    kind_of_patch = content_type.partition(";")[0].strip()
    if kind_of_patch == "application/json-patch+json":
        return json_patch(object_, patch)
    if kind_of_patch == "application/merge-patch+json":
        return merge_patch(object_, patch)
    if kind_of_patch == "application/strategic-merge-patch+json":
        return strategic_merge(object_, patch, schema_of(object_))
    if kind_of_patch == "application/apply-patch+yaml":
        # Who owns which field is not kept: applying from the server merges, and takes nothing away.
        return strategic_merge(object_, patch, schema_of(object_))
    raise BadRequest(f"the content type {content_type!r} is none of the patches that Kubernetes knows")


def merge_patch(target: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def strategic_merge(target: dict, patch: dict, schema: dict) -> dict:
    """Merge maps field by field, and lists by the key that the schema names for them."""
    directive = patch.get("$patch")
    if directive == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != "$patch"}
    if directive == "delete":
        return {}
    result = copy.deepcopy(target)
    for name, value in patch.items():
        if name.startswith("$setElementOrder/") or name == "$retainKeys":
            continue
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.partition("/")[2]
            result[field] = [each for each in result.get(field, ()) if each not in value]
            continue
        if value is None:
            result.pop(name, None)
            continue
        inner, key = field_schema(schema, name)
        if isinstance(value, dict):
            before = result.get(name)
            result[name] = strategic_merge(before if isinstance(before, dict) else {}, value, inner)
        elif isinstance(value, list) and key is not None:
            order = patch.get(f"$setElementOrder/{name}")
            result[name] = _merge_lists(result.get(name) or [], value, key, item_schema(inner), order)
        else:
            result[name] = copy.deepcopy(value)
    kept = patch.get("$retainKeys")
    return {name: value for name, value in result.items() if name in kept} if kept is not None else result


def _merge_lists(old: list, patch: list, key: str, schema: dict, order: list | None) -> list:
    if any(isinstance(each, dict) and each.get("$patch") == "replace" for each in patch):
        return [each for each in patch if each.get("$patch") != "replace"]
    if not key:
        return old + [each for each in patch if each not in old]
    result = copy.deepcopy(old)
    for each in patch:
        if key not in each:
            raise BadRequest(f"map: {each} does not contain declared merge key: {key}")
        place = next((number for number, item in enumerate(result) if item.get(key) == each[key]), None)
        if each.get("$patch") == "delete":
            if place is not None:
                del result[place]
        elif place is None:
            result.append(strategic_merge({}, each, schema))
        else:
            result[place] = strategic_merge(result[place], each, schema)
    if order is not None:
        places = {each[key]: place for place, each in enumerate(order)}
        result.sort(key=lambda item: places.get(item.get(key), len(places)))
    return result


def json_patch(object_: dict, operations: list) -> dict:
    result = copy.deepcopy(object_)
    for each in operations:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in each["path"].split("/")[1:]]
        holder = _walk(result, steps[:-1], each["path"])
        last = steps[-1]
        if each["op"] == "test":
            if _walk(result, steps, each["path"]) != each.get("value"):
                raise BadRequest(f"the test of {each['path']} failed: it is not {each.get('value')!r}")
        elif each["op"] == "remove":
            _walk(result, steps, each["path"])
            del holder[int(last) if isinstance(holder, list) else last]
        elif each["op"] in {"add", "replace"}:
            value = copy.deepcopy(each.get("value"))
            if each["op"] == "replace":
                _walk(result, steps, each["path"])
            if not isinstance(holder, list):
                holder[last] = value
            elif each["op"] == "replace":
                holder[int(last)] = value
            else:
                holder.insert(len(holder) if last == "-" else int(last), value)
        else:
            raise BadRequest(f"the operation {each['op']!r} is not supported: use add, remove, replace or test")
    return result


def _walk(value: object, steps: list[str], path: str) -> object:
    for step in steps:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise BadRequest(f"the path {path} leads nowhere: there is no {step!r}") from None
    return value
