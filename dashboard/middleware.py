def content_security_policy(get_response):
    return get_response
