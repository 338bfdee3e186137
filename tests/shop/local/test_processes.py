def test_a_worker_process_starts_is_killed_and_starts_again(shop_processes, settings):
    worker = shop_processes.worker()
    worker.kill()
    assert worker.returncode == -9
    again = shop_processes.worker()
    assert again.running
