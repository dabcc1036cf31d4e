"""The cost of a run, in the words of the console."""

from imfmap.run.plan import in_words

STEP = {"rule": "vectorise", "cpu_s": 7200.0, "basis": "1.3 times the reference"}
OTHER = {"rule": "map", "cpu_s": 60.0, "basis": "1.3 times the reference"}


def costs(folder, **totals):
    totals = {
        "to_run": 12,
        "cpu_s": 7260.0,
        "network_cpu_s": 0.0,
        "bytes_to_fetch": 3e9,
        "bytes_kept": 4e9,
        "bytes_temporary": 0,
    } | totals
    group = {"images_to_be_found": None, "steps": [STEP, OTHER]}
    return {"folder": str(folder / "results" / "try"), "totals": totals, "targets": [group, group]}


def test_three_lines_say_time_disk_and_what_takes_long(tmp_path):
    time, disk, longest = in_words.in_words(costs(tmp_path, network_cpu_s=3600.0, bytes_kept=1000))
    assert time.startswith("About 12 steps: 2.0 h of processor time (60 min on 2 cores, 15 min on 8 cores")
    assert "60 min of it is the network" in time
    assert disk.startswith("To fetch: 3.0 GB. On the disk: 1.0 kB that stay, 1.0 kB at the peak; ")
    assert disk.endswith(" are free.")
    assert longest.startswith("The longest: vectorise 4.0 h (1.3 times the reference), map 2 min")


def test_too_little_room_is_said_loud(tmp_path):
    assert "ARE FREE" in in_words.in_words(costs(tmp_path, bytes_kept=1e18))[1]


def test_an_estimate_for_a_search_says_for_how_many_images(tmp_path):
    given = costs(tmp_path)
    given["targets"][0] = {"images_to_be_found": 56, "steps": []}
    assert "(for 56 images, the most that the search may choose)" in in_words.in_words(given)[0]


def test_if_nothing_would_run_one_line_says_so(tmp_path):
    assert in_words.in_words(costs(tmp_path, to_run=0)) == ["Nothing to do: all files are there, and up to date."]
    assert in_words.in_words({"folder": str(tmp_path), "totals": {}, "targets": []})
